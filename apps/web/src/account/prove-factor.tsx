import { useState } from "react";
import { toFailure } from "../data/failure.ts";
import { proveFactor } from "../data/people.ts";
import { CodeField } from "../sign-in/code-field.tsx";
import { PasskeyButton } from "../sign-in/passkey-button.tsx";
import { FormDialog } from "../ui/form-dialog.tsx";
import { useAction } from "../ui/use-action.ts";
import { a } from "./messages.ts";

/** Asks for a second factor, for what was refused without a fresh one. */
export function ProveFactor({ onProved, onClose }: { onProved: () => void; onClose: () => void }) {
  const [code, setCode] = useState("");
  const action = useAction();
  const [wrong, setWrong] = useState(false);

  function submit() {
    if (code.trim() === "") return;
    void action.run(async () => {
      try {
        await proveFactor(code);
        onProved();
      } catch (error) {
        if (toFailure(error).code !== "bad_input") throw error;
        setWrong(true);
      }
    });
  }

  return (
    <FormDialog
      title={a.proveTitle}
      lead={a.proveLead}
      action={action}
      onSubmit={submit}
      onClose={onClose}
      word={a.prove}
      personal
    >
      <CodeField
        label={a.proveCode}
        code={code}
        onChange={(text) => {
          setCode(text);
          setWrong(false);
        }}
        error={wrong ? a.proveWrong : undefined}
      />
      <PasskeyButton label={a.provePasskey} onDone={onProved} />
    </FormDialog>
  );
}
