import { Fingerprint } from "lucide-react";
import { useState } from "react";
import { ProblemError } from "../data/failure.ts";
import { provePasskey } from "../data/people.ts";
import { Button } from "../ui/button.tsx";
import { FailureNote } from "../ui/state.tsx";
import { useAction } from "../ui/use-action.ts";
import { s } from "./messages.ts";

/** Signs in by a passkey, or proves one anew; nothing where the browser knows none. */
export function PasskeyButton({ label = s.usePasskey, onDone }: { label?: string; onDone: () => void }) {
  const { busy, failed, run } = useAction();
  const [none, setNone] = useState(false);
  if (!("PublicKeyCredential" in window)) return null;

  function prove() {
    setNone(false);
    void run(async () => {
      try {
        await provePasskey();
        onDone();
      } catch (error) {
        if (error instanceof ProblemError || error instanceof TypeError) throw error;
        setNone(true);
      }
    });
  }

  return (
    <>
      <Button wide size="lg" isPending={busy} onPress={prove}>
        <Fingerprint size={16} aria-hidden />
        {label}
      </Button>
      {none ? (
        <p role="alert" className="text-center text-sm text-muted">
          {s.noPasskey}
        </p>
      ) : null}
      <FailureNote error={failed} />
    </>
  );
}
