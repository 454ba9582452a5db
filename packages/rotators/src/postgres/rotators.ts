import { SecretValue } from "@keyfold/envelope";
import { z } from "zod";
import { credentialSchema } from "../credential.ts";
import { RotatorError } from "../error.ts";
import { makePassword, passwordPolicy } from "../password.ts";
import { defineRotator, type Rotator, type Task } from "../rotator.ts";
import { type Account, readAccount, writeAccount } from "./account.ts";
import type { Reach } from "./reach.ts";
import { adminAccount, asAdmin, forgetPassword, setPassword, testLogin } from "./role.ts";

const roleName = z.string().regex(/^[^\0]{1,63}$/, "a role's name has 1 to 63 characters");

const common = {
  /** The secret with the account that may change these roles' passwords: a connection string or a JSON object. */
  admin: credentialSchema,
  /** Where readers connect to, if elsewhere than the rotator does (a pooler, a public name). */
  connect: z
    .strictObject({
      host: z.string().regex(/^[A-Za-z0-9._:-]{1,253}$/, "a host's name or address"),
      port: z.int().min(1).max(65_535).default(5432),
    })
    .optional(),
  database: z.string().min(1).max(63).optional(),
  /** How the value is written: a connection string, or a JSON object with host, port, database, user and password. */
  format: z.enum(["url", "json"]).default("url"),
  /** Begin anew where the current value is no account: there is then no way back to it. */
  startOver: z.boolean().default(false),
};

const singleConfig = z.strictObject({ ...common, user: roleName });

const alternatingConfig = z.strictObject({
  ...common,
  /** Two roles with the same rights. Each rotation gives the one that is not in use a new password. */
  users: z
    .tuple([roleName, roleName])
    .refine(([one, other]) => one !== other, { message: "two different roles" }),
  /** End the connections of the old role, too, when its version ends. */
  disconnect: z.boolean().default(false),
});

const state = z.strictObject({ user: roleName });

/** 32 letters and digits: 190 bits, and nothing that any tool has to quote. */
const PASSWORD = passwordPolicy.parse({ symbols: false });

/** Rotators of PostgreSQL roles' passwords. @param reach which addresses they may connect to, and how names lead there */
export function postgresRotators(reach: Reach): readonly Rotator[] {
  const single = defineRotator({
    kind: "postgres-user",
    title: "PostgreSQL role: one user, whose old password ends at once",
    config: singleConfig,
    state,
    worksAtOnce: () => 1,
    async make(task) {
      await ownAccount(task);
      return { value: await newAccount(task, task.config.user), state: { user: task.config.user } };
    },
    async set(task) {
      const { user, password } = accountOf(await task.pending());
      await asAdmin(task, reach, (session) => setPassword(session, user, password));
    },
    test: async (task) => testLogin(await task.pending(), task.state.user, { ...reach, signal: task.signal }),
    async undo(task) {
      const before = await ownAccount(task);
      // The same role, or the old one was never touched.
      if (before?.user !== task.state.user) return;
      await asAdmin(task, reach, (session) => setPassword(session, before.user, before.password));
    },
  });

  const alternating = defineRotator({
    kind: "postgres-alternating-users",
    title: "PostgreSQL roles: two users in turn, the old one works through the grace",
    config: alternatingConfig,
    state,
    worksAtOnce: () => 2,
    async make(task) {
      const [one, other] = task.config.users;
      const user = (await ownAccount(task))?.user === one ? other : one;
      return { value: await newAccount(task, user), state: { user } };
    },
    async set(task) {
      const { user, password } = accountOf(await task.pending());
      if ((await ownAccount(task))?.user === user) throw new RotatorError("bad_state");
      await asAdmin(task, reach, (session) => setPassword(session, user, password));
    },
    test: async (task) => testLogin(await task.pending(), task.state.user, { ...reach, signal: task.signal }),
    async cleanUp(task) {
      const { user } = task.state;
      if (task.stillOpen.some((open) => open.user === user) || (await ownAccount(task))?.user === user)
        return;
      await asAdmin(task, reach, async (session) => {
        await forgetPassword(session, user);
        if (task.config.disconnect)
          await session.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1 AND pid <> pg_backend_pid()",
            [user],
          );
      });
    },
  });

  return [single, alternating];
}

type PostgresConfig = z.output<typeof singleConfig> | z.output<typeof alternatingConfig>;

/** The account in the current value; null where there is none, or it may be left behind. */
async function ownAccount(task: Task<PostgresConfig>): Promise<Account | null> {
  const value = await task.current();
  if (value === null) return null;
  const account = readAccount(value);
  if (account === null && !task.config.startOver) throw new RotatorError("bad_current_value");
  return account;
}

async function newAccount(task: Task<PostgresConfig>, user: string): Promise<SecretValue> {
  const { connect, database, format } = task.config;
  const admin = await adminAccount(task);
  const account: Account = {
    host: connect?.host ?? admin.host,
    port: connect?.port ?? admin.port,
    database: database ?? admin.database,
    user,
    password: makePassword(PASSWORD),
    sslmode: admin.sslmode,
  };
  return SecretValue.ofText(writeAccount(account, format));
}

function accountOf(value: SecretValue): Account {
  const account = readAccount(value);
  if (account === null) throw new RotatorError("bad_state");
  return account;
}
