import { KeyfoldError } from "../error.ts";
import type { RequestInfo } from "../flow/call.ts";
import type { Services } from "../flow/services.ts";
import { parseInput } from "../flow/verb.ts";
import { resetLetter } from "../mail/letters.ts";
import { queueMail } from "../mail/queue.ts";
import { personsServedHere } from "../region/gate.ts";
import { reserveAttempt } from "./attempts.ts";
import { LINK_SECONDS, makeLink } from "./link.ts";
import { withPeople } from "./ours.ts";
import { forgotInput } from "./schema.ts";
import { findPerson } from "./store.ts";
import { tellPerson } from "./told.ts";

/**
 * Sends a link for a new password to an address, if somebody has it; whether somebody does is not told. Second factors stay.
 * @throws KeyfoldError `illegal_state` where no mail is sent; `too_many_attempts`
 */
export async function forgotPassword(
  services: Services,
  request: RequestInfo,
  given: unknown,
): Promise<void> {
  const { email } = parseInput(forgotInput, given);
  personsServedHere(services);
  if (services.mail === null)
    throw new KeyfoldError("illegal_state", {
      sentence: "This Keyfold sends no mail. Ask whoever runs it for a link.",
    });
  await withPeople(services, async (tx) => {
    await reserveAttempt(services, tx, `forgot ${email}`);
    const found = await findPerson(services, tx, { email });
    const person = found?.suspendedAt === null ? found : null;
    // Links of before stay: else anybody could end the one that somebody waits for, by asking for another.
    // For nobody the same is done, but for the letter, which would have nobody to go to.
    const link = await makeLink(services, tx, {
      kind: "reset",
      email,
      seconds: LINK_SECONDS.reset,
      createdBy: { type: "anonymous", id: "forgot", name: "a forgotten password" },
    });
    if (person !== null)
      await queueMail(services, tx.query, "reset", (linkTo) => resetLetter(email, linkTo(link.secret)));
    await tellPerson(services, tx, request, null, null, "person.reset_asked", {
      target: { type: "person", id: person?.id ?? null, name: person?.name ?? null },
    });
  });
}
