import { verbs } from "@keyfold/secrets";
import { z } from "zod";

const secretView = verbs.secrets.create.output;
type Secret = z.output<typeof secretView>;

/** What a write answers: the secret's metadata, and what became of its versions. Never a value. */
const writtenSecret = z.object({
  ...secretView.shape,
  active: z.boolean().describe("Whether `version` is in use: readers get it now."),
  changed: z.boolean().describe("False: this value is current already, and nothing was changed."),
  rotatedFrom: z.int().nullable().describe("The version before this one, which is no longer active."),
});
/** For what makes a secret. */
export const created = {
  schema: writtenSecret,
  of: (secret: Secret) => ({ ...secret, active: secret.state === "live", changed: true, rotatedFrom: null }),
};
/** For what makes a version of one. */
export const written = {
  schema: writtenSecret,
  of: ({ secret, ...rest }: z.output<typeof verbs.secrets.rotate.output>) => ({
    ...secret,
    active: secret.state === "live",
    ...rest,
  }),
};

/** What a route that names a secret by its id leaves out: it needs no place. */
export const byId = ["name", "project", "environment"];
/** And what one leaves out that names it otherwise. */
export const byName = ["id"];
