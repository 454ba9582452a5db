import type { DekPlace, KeyPlace, ValuePlace } from "../place.ts";

/** An id for a test: the digit, everywhere. */
export const id = (digit: string): string => "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx".replaceAll("x", digit);

export const valuePlace: ValuePlace = {
  deployment: id("1"),
  tenant: id("2"),
  project: id("3"),
  environment: id("4"),
  secret: id("5"),
  version: 6,
};

export const dekPlace: DekPlace = {
  deployment: id("1"),
  tenant: id("2"),
  purpose: "value",
  term: 7,
  secret: id("5"),
  version: 6,
};

export const keyPlace: Omit<KeyPlace, "opener"> = {
  deployment: id("1"),
  tenant: id("2"),
  purpose: "value",
  term: 7,
};
