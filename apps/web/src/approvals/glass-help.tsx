import { useState } from "react";
import { useIdentity, useMay } from "../data/identity.ts";
import { Button } from "../ui/button.tsx";
import { BreakGlass } from "./break-glass.tsx";
import { ap } from "./messages.ts";

/** Where something was refused for want of a second person: an owner's way on, without leaving the form. */
export default function GlassHelp({ tenant, secretId }: { tenant: string; secretId: string }) {
  const may = useMay();
  const person = useIdentity().type === "user";
  const [open, setOpen] = useState(false);
  const [broken, setBroken] = useState(false);
  if (!person || !may("approval.break_glass")) return null;
  if (broken) return <p className="mt-2 font-medium">{ap.glass.again}</p>;
  return (
    <div className="mt-2">
      <Button size="sm" onPress={() => setOpen(true)}>
        {ap.glass.open}
      </Button>
      {open ? (
        <BreakGlass
          tenant={tenant}
          secretId={secretId}
          onClose={() => setOpen(false)}
          onBroken={() => setBroken(true)}
        />
      ) : null}
    </div>
  );
}
