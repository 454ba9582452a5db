import { Link, useParams } from "@tanstack/react-router";
import { Lock } from "lucide-react";
import { useContext } from "react";
import { m } from "../messages.ts";
import { CARD } from "../ui/page-header.tsx";
import { SignedInAs, State } from "../ui/state.tsx";
import { useTitle } from "../ui/title.ts";

/** Where a page would stand that one's rights do not reach: asked of nobody, so no refusal stands in the audit log. */
export function NoRights({ needs }: { needs: string }) {
  const who = useContext(SignedInAs);
  const { tenant } = useParams({ strict: false });
  const words = m.failure.noRights;
  const title = words[who];
  useTitle(title, ...(tenant === undefined ? [] : [tenant]));
  return (
    <section className={CARD}>
      <State
        alone
        icon={<Lock size={20} aria-hidden />}
        title={title}
        text={
          needs === "person" ? (
            words.noAccount
          ) : tenant === undefined ? (
            words.operators
          ) : (
            <>
              {words[`${who}Text`]}
              <span className="mt-2 block text-sm">
                {words.takes} <code>{needs}</code>
              </span>
            </>
          )
        }
      >
        {tenant === undefined ? null : (
          <Link
            to="/t/$tenant/access"
            params={{ tenant }}
            className="text-sm font-medium text-accent-text underline-offset-2 hover:underline"
          >
            {words.why}
          </Link>
        )}
      </State>
    </section>
  );
}
