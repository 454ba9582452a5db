import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useRouter } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { toFailure } from "../data/failure.ts";
import { callPeople, type LinkFacts } from "../data/people.ts";
import { m } from "../messages.ts";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { FailureNote, FailureState } from "../ui/state.tsx";
import { useTitle } from "../ui/title.ts";
import { useAction } from "../ui/use-action.ts";
import { EmailField } from "./email-field.tsx";
import { s } from "./messages.ts";
import { SignInShell } from "./shell.tsx";

const w = s.welcome;

/**
 * What a one-time link opens. The secret stands behind the "#": it is taken from there once and removed from the address,
 * so that neither the history nor a bookmark keeps it.
 */
export function WelcomePage() {
  useTitle(w.title);
  const [secret] = useState(takeSecret);
  const link = useQuery({
    queryKey: ["link"],
    queryFn: () => callPeople<LinkFacts>("POST", "/people/links/look", { secret }),
    enabled: secret !== null,
    retry: false,
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const ended =
    secret === null ||
    ["link_ended", "bad_input"].includes(link.error === null ? "" : toFailure(link.error).code);
  if (ended)
    return (
      <SignInShell heading={w.ended} lead={w.endedText}>
        <ToSignIn />
      </SignInShell>
    );
  if (link.error)
    return (
      <main>
        <FailureState error={link.error} onRetry={() => void link.refetch()} />
      </main>
    );
  if (link.data === undefined) return <SignInShell heading={w.looking}>{null}</SignInShell>;
  return <Accept secret={secret} link={link.data} />;
}

let taken: string | null = null;

/** Kept for as long as this page is open: what is taken from the address is not there a second time. */
function takeSecret(): string | null {
  const { hash, pathname } = window.location;
  if (hash.length > 1) {
    taken = hash.slice(1);
    window.history.replaceState(window.history.state, "", pathname);
  }
  return taken;
}

function Accept({ secret, link }: { secret: string; link: LinkFacts }) {
  const router = useRouter();
  const queries = useQueryClient();
  const [email, setEmail] = useState("");
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const { busy, failed, run } = useAction();
  const [done, setDone] = useState(false);
  const tenant = link.tenant?.name ?? m.product;
  const isReset = link.kind === "reset";
  const joins = link.known && !isReset;

  async function submit(event: FormEvent) {
    event.preventDefault();
    await run(async () => {
      const { signedIn } = await callPeople<{ signedIn: boolean }>("POST", "/people/links/accept", {
        secret,
        ...(link.email === null ? { email } : {}),
        ...(isReset || joins ? {} : { name }),
        ...(joins ? {} : { password }),
      });
      taken = null;
      queries.clear();
      if (signedIn || joins) router.history.replace("/");
      else setDone(true);
    });
  }

  if (done)
    return (
      <SignInShell heading={w.reset} lead={w.done}>
        <ToSignIn />
      </SignInShell>
    );
  const heading = isReset ? w.reset : link.kind === "operator" ? w.operator : w.member;
  const lead = isReset
    ? w.resetLead(link.email ?? "")
    : joins
      ? w.known(link.email ?? "", tenant)
      : link.kind === "operator"
        ? w.operatorLead
        : w.memberLead(tenant);
  return (
    <SignInShell heading={heading} lead={lead}>
      <form onSubmit={submit} noValidate className="mt-6 space-y-4">
        {link.email === null ? <EmailField email={email} onChange={setEmail} /> : null}
        {isReset || joins ? null : (
          <Field
            label={w.name}
            placeholder={w.namePlaceholder}
            remember="name"
            value={name}
            onChange={setName}
          />
        )}
        {joins ? null : (
          <Field
            label={w.password}
            hint={w.passwordHint}
            type="password"
            remember="new-password"
            onChange={setPassword}
          />
        )}
        <FailureNote error={failed} />
        <div className="pt-2">
          <Button type="submit" look="primary" size="lg" wide isPending={busy}>
            {busy ? w.busy : joins ? w.knownAccept : w.submit}
          </Button>
        </div>
      </form>
    </SignInShell>
  );
}

function ToSignIn() {
  const navigate = useNavigate();
  return (
    <div className="mt-6">
      <Button look="primary" size="lg" wide onPress={() => void navigate({ to: "/sign-in" })}>
        {w.toSignIn}
      </Button>
    </div>
  );
}
