import { Ban, Ellipsis, Flame, Hourglass, TimerOff } from "lucide-react";
import { useState } from "react";
import { useMay } from "../data/identity.ts";
import type { Secret, Version } from "../data/trpc.ts";
import type { MenuAction } from "../ui/menu.tsx";
import { MenuButton } from "../ui/menu-button.tsx";
import { type Ending, EndVersion } from "./end-version.tsx";
import { ExtendGrace } from "./extend-grace.tsx";
import { l } from "./messages.ts";

interface Props {
  tenant: string;
  secret: Secret;
  version: Version;
}

/** What can be done to one version, besides rolling back to it. */
export function VersionMenu({ tenant, secret, version }: Props) {
  const may = useMay();
  const [open, setOpen] = useState<Ending | "extend" | null>(null);
  const { state } = version;
  const inGrace = state === "grace" && (version.opens || version.held);
  const entry = (
    id: Ending | "extend",
    label: string,
    icon: React.ReactNode,
    danger = false,
  ): MenuAction => ({
    id,
    label,
    icon,
    danger,
    run: () => setOpen(id),
  });
  const actions = [
    ...(inGrace && may("version.extend_grace")
      ? [entry("extend", l.grace.extend, <Hourglass size={15} aria-hidden />)]
      : []),
    ...(inGrace && may("version.end_grace")
      ? [entry("endGrace", l.grace.end, <TimerOff size={15} aria-hidden />)]
      : []),
    ...((state === "current" || state === "grace" || state === "kept") && may("version.revoke")
      ? [entry("revoke", l.version.revoke, <Ban size={15} aria-hidden />, true)]
      : []),
    ...((state === "grace" || state === "kept" || state === "revoked") && may("version.destroy")
      ? [entry("destroy", l.version.destroy, <Flame size={15} aria-hidden />, true)]
      : []),
  ];
  if (actions.length === 0) return null;
  const close = () => setOpen(null);
  return (
    <>
      <MenuButton
        label={l.version.more(version.version)}
        hint={l.version.more(version.version)}
        actions={actions}
      >
        <Ellipsis size={15} aria-hidden />
      </MenuButton>
      {open === "extend" ? (
        <ExtendGrace tenant={tenant} secret={secret} version={version} onClose={close} />
      ) : null}
      {open !== null && open !== "extend" ? (
        <EndVersion tenant={tenant} secret={secret} version={version} ending={open} onClose={close} />
      ) : null}
    </>
  );
}
