import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Me } from "../data/people.ts";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { FormDialog } from "../ui/form-dialog.tsx";
import { Section } from "../ui/section.tsx";
import { tell } from "../ui/toast.tsx";
import { useAction } from "../ui/use-action.ts";
import { callMe } from "./call-me.ts";
import { a } from "./messages.ts";

export function PasswordSection({ me }: { me: Me }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Section
        title={a.password}
        text={a.passwordText}
        actions={<Button onPress={() => setOpen(true)}>{a.passwordChange}</Button>}
      />
      {open ? <ChangePassword me={me} onClose={() => setOpen(false)} /> : null}
    </>
  );
}

function ChangePassword({ me, onClose }: { me: Me; onClose: () => void }) {
  const queries = useQueryClient();
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const action = useAction();
  const asksCurrent = me.hasPassword && !me.factorRequired;

  function submit() {
    void action.run(async () => {
      await callMe("POST", "/people/me/password", { password: next, ...(asksCurrent ? { current } : {}) });
      tell(a.changed);
      onClose();
      await queries.invalidateQueries({ queryKey: ["people"] });
    });
  }

  return (
    <FormDialog
      title={a.passwordChange}
      lead={a.passwordText}
      action={action}
      onSubmit={submit}
      personal
      onClose={onClose}
      word={a.passwordChange}
    >
      {asksCurrent ? (
        <Field
          label={a.current}
          type="password"
          remember="current-password"
          autoFocus
          onChange={setCurrent}
        />
      ) : null}
      <Field label={a.next} hint={a.nextHint} type="password" remember="new-password" onChange={setNext} />
    </FormDialog>
  );
}
