import type { KeyfoldRouter } from "@keyfold/secrets";
import type { inferRouterOutputs } from "@trpc/server";

// The only way in which the server's code is named here: its types. Nothing of it is in what runs.
export type { ErrorCode, KeyfoldRouter } from "@keyfold/secrets";

export type Outputs = inferRouterOutputs<KeyfoldRouter>;

/** A secret without its value: name, place, state, current version's number, who and when. */
export type SecretView = Outputs["secrets"]["delete"];
/** The same where it is read or listed: with when it is rotated next. */
export type SecretDetail = Outputs["secrets"]["get"];
/** One version of a secret without its value. */
export type VersionView = Outputs["versions"]["list"]["versions"][number];
/** A value as the server sends it. */
export type Revealed = Outputs["secrets"]["reveal"];
/** What setting, rotating or rolling back answers; `changed` is false when the value was current already. */
export type SetResult = Outputs["secrets"]["set"];
