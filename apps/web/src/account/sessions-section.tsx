import { useQuery } from "@tanstack/react-query";
import { guess, optimistically } from "../data/optimistically.ts";
import { callPeople, type SessionFacts } from "../data/people.ts";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Listed } from "../ui/listed.tsx";
import { Moment } from "../ui/moment.tsx";
import { Section } from "../ui/section.tsx";
import { tell, tellFailure } from "../ui/toast.tsx";
import { browserName } from "./browser-name.ts";
import { a } from "./messages.ts";

const SESSIONS = { queryKey: ["people", "sessions"] };
interface Answer {
  sessions: SessionFacts[];
}

/** Where one is signed in, and a way out of each. */
export function SessionsSection() {
  const query = useQuery({
    ...SESSIONS,
    queryFn: () => callPeople<Answer>("GET", "/people/me/sessions"),
  });
  const sessions = query.data?.sessions ?? [];

  /** @param id the session's; null: of all but this one */
  async function end(id: string | null) {
    const stays = guess<Answer>(SESSIONS, (data) => ({
      sessions: data.sessions.filter((one) => one.current || (id !== null && one.id !== id)),
    }));
    try {
      await optimistically([stays], async () => {
        const { ended } = await callPeople<{ ended: number }>(
          "DELETE",
          id === null ? "/people/me/sessions" : `/people/me/sessions/${id}`,
        );
        tell(a.ended(ended));
      });
    } catch (error) {
      tellFailure(error);
    }
  }

  return (
    <Section
      title={a.sessions}
      text={a.sessionsText}
      actions={
        sessions.length > 1 ? <Button onPress={() => void end(null)}>{a.endOthers}</Button> : undefined
      }
    >
      <Listed query={query} label={a.sessions} waiting={2} empty={null}>
        {sessions.map((session) => {
          const name = browserName(session.userAgent) ?? a.unknownBrowser;
          return (
            <li key={session.id} className="flex min-h-16 flex-wrap items-center gap-x-4 gap-y-1 px-4 py-3">
              <div className="min-w-0 flex-1">
                <p className="flex flex-wrap items-center gap-2 font-medium">
                  {name} {session.current ? <Badge tone="accent">{a.thisOne}</Badge> : null}
                </p>
                <p className="mt-0.5 text-sm text-muted">
                  {session.ip === null ? null : <>{session.ip} · </>}
                  {a.started} <Moment at={session.startedAt} /> · {a.ends} <Moment at={session.expiresAt} />
                </p>
              </div>
              {session.current ? null : (
                <Button
                  size="sm"
                  look="danger-quiet"
                  aria-label={a.endFor(name)}
                  onPress={() => void end(session.id)}
                >
                  {a.end}
                </Button>
              )}
            </li>
          );
        })}
      </Listed>
    </Section>
  );
}
