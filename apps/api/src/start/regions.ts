import type { RootKeyProvider } from "@keyfold/envelope";
import type { RegionOptions } from "@keyfold/secrets";
import type { RegionSettings } from "../config/regions.ts";
import { providerOf } from "./root-key.ts";

/** The regions that the settings name, with the other regions' root keys. @throws EnvelopeError `bad_root_key` */
export async function regionsOf(settings: RegionSettings | null): Promise<RegionOptions | null> {
  if (settings === null) return null;
  const rootKeys: Record<string, RootKeyProvider> = {};
  for (const { name, setting } of settings.keys)
    rootKeys[name] = await providerOf({ from: "provider", setting });
  return { here: settings.here, all: settings.all, rootKeys };
}
