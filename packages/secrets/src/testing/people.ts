import { requestInfo } from "../router/context.ts";
import type { KeyfoldServer } from "../server.ts";

/** Words that nobody uses: good enough to be a password here. */
export const PASSWORD = "fake copper lantern 12, not real";

/** Makes an operator who signs in by address and password. Answers a session of theirs. */
export async function makeOperator(server: KeyfoldServer, email: string): Promise<string> {
  const { secret } = await server.people.host.resetOperator(email);
  const started = await server.people.acceptLink(requestInfo({}), {
    secret,
    name: email.split("@")[0],
    password: PASSWORD,
  });
  return started!.secret;
}
