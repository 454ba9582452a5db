import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type House, openHouse } from "../testing/house.ts";
import { BIGINT_ARRAY, BinaryArray, INT_ARRAY, UUID_ARRAY } from "./binary-array.ts";

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house.close());

test("PostgreSQL reads an array's bytes as what was put into it", async () => {
  const uuids = [
    randomUUID(),
    "00000000-0000-0000-0000-000000000000",
    "0189abcd-ef01-7234-89ab-cdeffedcba98",
  ];
  const ints = [1, 0, 2_147_483_647, -1];
  const bigints = [0n, 9_223_372_036_854_775_807n, -1n];
  const arrays = [
    new BinaryArray(UUID_ARRAY, uuids.length),
    new BinaryArray(INT_ARRAY, ints.length),
    new BinaryArray(BIGINT_ARRAY, bigints.length),
  ] as const;
  for (const uuid of uuids) arrays[0].pushUuid(uuid);
  for (const int of ints) arrays[1].pushInt(int);
  for (const bigint of bigints) arrays[2].pushBigint(bigint);
  const { rows } = await house.db.pool.query(
    "SELECT $1::uuid[]::text[] AS uuids, $2::int[] AS ints, $3::bigint[]::text[] AS bigints",
    arrays.map(({ bytes }) => bytes),
  );
  expect(rows).toEqual([{ uuids, ints, bigints: bigints.map(String) }]);
});

test("an id in upper case is the same id", async () => {
  const uuid = randomUUID();
  const array = new BinaryArray(UUID_ARRAY, 1);
  array.pushUuid(uuid.toUpperCase());
  const { rows } = await house.db.pool.query("SELECT $1::uuid[]::text[] AS uuids", [array.bytes]);
  expect(rows).toEqual([{ uuids: [uuid] }]);
});
