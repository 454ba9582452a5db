import { Link, useNavigate } from "@tanstack/react-router";
import { ClipboardType, Copy, Ellipsis, Eye, EyeOff, History, RotateCw, Trash2 } from "lucide-react";
import { useMay } from "../data/identity.ts";
import type { Secret } from "../data/trpc.ts";
import { m } from "../messages.ts";
import { Mask } from "../reveal/mask.tsx";
import { copyAndTell, readValue } from "../reveal/read-value.ts";
import { ShownValue } from "../reveal/shown-value.tsx";
import type { Reveal } from "../reveal/use-reveal.ts";
import { Badge } from "../ui/badge.tsx";
import { IconButton } from "../ui/button.tsx";
import type { MenuAction } from "../ui/menu.tsx";
import { MenuButton } from "../ui/menu-button.tsx";
import { Moment } from "../ui/moment.tsx";
import { tell } from "../ui/toast.tsx";
import { useSealed } from "./sealed.ts";
import { indent, type Place } from "./secret-table.tsx";

interface Props {
  place: Place;
  /** The name's last part. */
  label: string;
  secret: Secret;
  depth: number;
  reveal: Reveal;
  onRotate: (secret: Secret) => void;
  onDelete: (secret: Secret) => void;
}

export function SecretRow({ place, label, secret, depth, reveal, onRotate, onDelete }: Props) {
  const may = useMay();
  const navigate = useNavigate();
  const { tenant } = place;
  const { id, name, version, lastRotatedAt, lastRotatedBy } = secret;
  const shown = reveal.shown?.key === id ? reveal.shown.revealed : null;
  const sealed = useSealed(secret);
  const readable = secret.state === "live" && may("secret.reveal") && !sealed;
  const link = {
    to: "/t/$tenant/$project/$environment/s/$secretId",
    params: { ...place, secretId: id },
  } as const;
  const actions: MenuAction[] = [
    {
      id: "history",
      label: m.secrets.history,
      icon: <History size={15} aria-hidden />,
      run: () => void navigate(link),
    },
    ...(may("secret.rotate")
      ? [
          {
            id: "rotate",
            label: m.secrets.rotate,
            icon: <RotateCw size={15} aria-hidden />,
            run: () => onRotate(secret),
          },
        ]
      : []),
    {
      id: "name",
      label: m.secrets.copyName,
      icon: <ClipboardType size={15} aria-hidden />,
      run: () => void navigator.clipboard?.writeText(name).then(() => tell(m.secrets.nameCopied)),
    },
    ...(may("secret.delete")
      ? [
          {
            id: "delete",
            label: m.secrets.remove,
            icon: <Trash2 size={15} aria-hidden />,
            danger: true,
            run: () => onDelete(secret),
          },
        ]
      : []),
  ];
  return (
    <>
      <tr className={`group border-line last:border-0 hover:bg-hover/60 ${shown ? "" : "border-b"}`}>
        <th
          scope="row"
          className="h-13 max-w-0 py-1.5 pr-2 font-normal"
          style={{ paddingLeft: indent(depth) }}
        >
          <Link
            {...link}
            title={name}
            className="block truncate rounded font-mono text-sm font-medium hover:text-accent-text"
          >
            {label}
          </Link>
          <span className="block truncate text-xs text-muted sm:hidden">
            {version === null ? m.secrets.emptyState : m.secrets.atVersion(version)}
            {lastRotatedAt === null ? null : (
              <>
                {" · "}
                <Moment at={lastRotatedAt} />
              </>
            )}
          </span>
        </th>
        <td className="hidden px-4 md:table-cell">
          {secret.state === "empty" ? (
            <Badge tone="warn">{m.secrets.emptyState}</Badge>
          ) : sealed ? (
            <span className="flex" title={m.secrets.writeOnlyHint}>
              <Badge>{m.secrets.writeOnly}</Badge>
            </span>
          ) : (
            <Mask />
          )}
        </td>
        <td className="hidden px-4 sm:table-cell">
          {version === null ? (
            <span className="text-sm text-faint">{m.secrets.noVersion}</span>
          ) : (
            <span className="flex">
              <Badge>{m.secrets.atVersion(version)}</Badge>
            </span>
          )}
        </td>
        <td className="hidden px-4 text-sm whitespace-nowrap text-muted sm:table-cell">
          {lastRotatedAt === null ? m.secrets.notYet : <Moment at={lastRotatedAt} />}
        </td>
        <td className="hidden max-w-40 truncate px-4 text-sm text-muted lg:table-cell lg:pr-6">
          {(lastRotatedBy ?? secret.createdBy).name}
        </td>
        <td className="pr-2 sm:pr-3">
          <div className="flex justify-end gap-0.5">
            {readable ? (
              <>
                {shown ? (
                  <IconButton aria-label={m.reveal.hideFor(name)} hint={m.reveal.hide} onPress={reveal.hide}>
                    <EyeOff size={16} aria-hidden />
                  </IconButton>
                ) : (
                  <IconButton
                    aria-label={m.reveal.showFor(name)}
                    hint={m.reveal.show}
                    isPending={reveal.asked === id}
                    onPress={() => reveal.show(id, (signal) => readValue({ tenant, id }, signal))}
                  >
                    <Eye size={16} aria-hidden />
                  </IconButton>
                )}
                <IconButton
                  aria-label={m.reveal.copyFor(name)}
                  hint={m.reveal.copyHint}
                  onPress={() => void copyAndTell(name, async () => (await readValue({ tenant, id })).value)}
                >
                  <Copy size={15} aria-hidden />
                </IconButton>
              </>
            ) : null}
            <MenuButton label={m.secrets.actionsFor(name)} hint={m.secrets.actions} actions={actions}>
              <Ellipsis size={16} aria-hidden />
            </MenuButton>
          </div>
        </td>
      </tr>
      {shown ? (
        <tr className="border-b border-line last:border-0">
          <td colSpan={6} className="px-3 pt-1 pb-3 sm:px-4">
            <ShownValue revealed={shown} onHide={reveal.hide} />
          </td>
        </tr>
      ) : null}
    </>
  );
}
