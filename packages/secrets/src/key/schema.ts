import { z } from "zod";
import { nextCursor, pageInput } from "../input/page.ts";
import { id, moment, tenantRef, text } from "../input/text.ts";
import { processView } from "../process/live.ts";

const rootKeyId = text(1, 512).describe(
  "A root key's id, with its fingerprint, e.g. local:ab12cd34ef56ab78.",
);

export const keyJobView = z.object({
  id: z.uuid(),
  kind: z.enum(["rotate", "verify", "retire", "rotate_tenant", "re_encrypt", "remove_opener"]),
  opener: z
    .string()
    .nullable()
    .describe("The root key it is about: rotated to, verified, retired, or removed; null for the others."),
  tenantId: z.uuid().nullable().describe("The tenant it is about; null: all of them."),
  secretId: z.uuid().nullable().describe("The secret it is about; null: all of them."),
  digests: z.boolean().describe("Whether the digests that tell equal values are made anew, too."),
  state: z
    .enum(["running", "stopped", "done"])
    .describe("Running: call again to go on. Stopped: see `problem`; calling again tries again."),
  problem: z.string().nullable().describe("Why it stopped: the code of an error."),
  failed: z.array(z.uuid()).describe("Tenants whose keys failed in this call, at most 20; the log has all."),
  done: z
    .int()
    .describe(
      "Keys, the deployment's own among them; of jobs over tenants' keys: theirs, and each version's.",
    ),
  total: z.int(),
  rate: z.number().nullable().describe("Keys per second, in this call."),
  secondsLeft: z.int().nullable(),
  startedAt: moment,
  updatedAt: moment,
  finishedAt: moment.nullable(),
});
export type KeyJobView = z.infer<typeof keyJobView>;

const rootKeyView = z.object({
  id: z.string(),
  provider: z.string(),
  keyVersion: z.string().nullable(),
  createdAt: moment.nullable().describe("When this deployment first used it."),
  ageDays: z.int().nullable(),
  retiredAt: moment.nullable(),
  wraps: z.int().describe("How many keys are wrapped under it."),
  current: z.boolean().describe("New wraps are made under it."),
  held: z.boolean().describe("This process can open with it."),
});

export const keyStatusInput = z.strictObject({});
export const keyStatusOutput = z.object({
  current: z.string(),
  hybrid: z.string().nullable().describe("The current hybrid seed; null: this process holds none."),
  rootKeys: z.array(rootKeyView).describe("Hybrid seeds too: their provider is `xwing`."),
  keys: z.int().describe("Tenant keys, and the deployment's own."),
  lacking: z.int().describe("Those of them that are not wrapped under the current root key yet."),
  rotation: z.object({
    dueAt: moment,
    overdue: z.boolean(),
    wraps: z.int().describe("How often the current root key has wrapped in our own processes, at most."),
    tenantsDue: z
      .array(z.uuid())
      .describe("Tenants whose key has wrapped so often that another one is due, at most 100."),
  }),
  verifiedAt: moment.nullable().describe("When every key was last opened with the current root key."),
  processes: z.array(processView).describe("The processes that run now."),
  backup: z
    .object({
      state: z
        .enum(["confirmed", "unconfirmed", "outdated"])
        .describe(
          "Only a confirmed one counts: every recipient has proved to open it, and it holds the current root key.",
        ),
      madeAt: moment,
      rootKeys: z.array(z.string()),
      recipients: z.array(z.object({ fingerprint: z.string(), confirmedAt: moment.nullable() })),
    })
    .nullable()
    .describe("The newest key bundle; null where none was ever made."),
  jobs: z.array(keyJobView).describe("The newest of each kind."),
});

const pace = {
  forSeconds: z.number().min(0).max(10).default(2).describe("How long this call may work, about."),
  perSecond: z.int().min(1).max(100_000).optional().describe("Most keys per second; no limit when left out."),
};

export const rotateKeysInput = z.strictObject({
  to: rootKeyId
    .optional()
    .describe("The root key to rotate to. It must be the one that is current where the call arrives."),
  ...pace,
});
export const verifyKeysInput = z.strictObject({ ...pace });
export const retireKeyInput = z.strictObject({ opener: rootKeyId, ...pace });

const tenant = tenantRef.optional().describe("A tenant's slug or id; every tenant when left out.");
export const rotateTenantKeysInput = z.strictObject({ tenant, ...pace });
export const reEncryptInput = z
  .strictObject({
    tenant,
    secret: id.optional().describe("One secret of that tenant; all of them when left out."),
    digests: z
      .boolean()
      .default(false)
      .describe("Make the digests that tell equal values anew, too, under a new key."),
    ...pace,
  })
  .refine(({ secret, tenant }) => secret === undefined || tenant !== undefined, {
    path: ["tenant"],
    message: "must name the secret's tenant",
  })
  .refine(({ secret, digests }) => secret === undefined || !digests, {
    path: ["digests"],
    message: "are made anew for a whole tenant only",
  });

export const removeOpenerInput = z.strictObject({ opener: rootKeyId, tenant, ...pace });
export const exposedInput = z.strictObject({
  job: id.describe("The removal's job, as it was answered, or as the status lists it."),
  ...pageInput,
});
export const exposedOutput = z.object({
  opener: z.string(),
  exposed: z.array(
    z.object({
      tenantId: z.uuid(),
      tenant: z.string().describe("Its slug."),
      secretId: z.uuid(),
      name: z.string(),
      version: z.int(),
      state: z.string().describe("What has become of the version since."),
    }),
  ),
  nextCursor,
});

export type Pacing = Pick<z.output<typeof verifyKeysInput>, "forSeconds" | "perSecond">;
