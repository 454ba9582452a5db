import { Sensitive } from "./sensitive.ts";

/** Which regions there are, and which one this process serves. */
export interface RegionSettings {
  here: string;
  /** Where the deployment began first. */
  all: readonly string[];
  /** The other regions' root keys, as providers' settings. */
  keys: readonly { name: string; setting: Sensitive }[];
}

const NAME = /^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$/;
const MOST = 8;

/** Reads the three settings of regions. Each problem is a sentence that never quotes what a setting held. */
export function regionSettings(env: Readonly<Record<string, string | undefined>>): {
  regions: RegionSettings | null;
  problems: string[];
} {
  const { KEYFOLD_REGION: here, KEYFOLD_REGIONS: list, KEYFOLD_REGION_KEYS: keyList } = env;
  const wrong = (...problems: string[]) => ({ regions: null, problems });
  if (here === undefined && list === undefined)
    return keyList === undefined
      ? { regions: null, problems: [] }
      : wrong("KEYFOLD_REGION_KEYS is set without KEYFOLD_REGION and KEYFOLD_REGIONS, and does nothing.");
  if (here === undefined || list === undefined)
    return wrong("KEYFOLD_REGION and KEYFOLD_REGIONS belong together: set both, or neither.");
  const all = list.split(",").map((name) => name.trim());
  if (all.length > MOST || new Set(all).size < all.length || !all.every((name) => NAME.test(name)))
    return wrong(
      `KEYFOLD_REGIONS must be 1 to ${MOST} different names such as eu,us, of lower-case letters, digits and hyphens.`,
    );
  if (!all.includes(here)) return wrong("KEYFOLD_REGION must be one of KEYFOLD_REGIONS.");
  const keys = (keyList ?? "")
    .split(";")
    .filter((part) => part.trim() !== "")
    .map((part) => {
      const at = part.indexOf("=");
      return { name: part.slice(0, at).trim(), setting: new Sensitive(part.slice(at + 1).trim()) };
    });
  if (
    keys.some(({ name }) => name === here || !all.includes(name)) ||
    new Set(keys.map((k) => k.name)).size < keys.length
  )
    return wrong(
      "KEYFOLD_REGION_KEYS must be REGION=PROVIDER, one for each other region and separated by semicolons, such as us=aws-kms:ARN.",
    );
  if (keys.length > 0 && here !== all[0])
    return wrong(
      "KEYFOLD_REGION_KEYS is for the first of KEYFOLD_REGIONS, where keys are wrapped for the others.",
    );
  return { regions: { here, all, keys }, problems: [] };
}
