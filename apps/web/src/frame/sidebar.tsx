import { Link, useParams, useRouter } from "@tanstack/react-router";
import {
  ArrowLeftRight,
  Building2,
  CalendarClock,
  ChevronsUpDown,
  Grid3x3,
  HeartPulse,
  Inbox,
  KeyRound,
  LogOut,
  Radar,
  ScrollText,
  Search,
  Settings,
  Share2,
  ShieldQuestion,
  Stamp,
  Ticket,
  UserCog,
  Users,
  Vault,
  Webhook,
  Workflow,
} from "lucide-react";
import { useIdentity } from "../data/identity.ts";
import { m } from "../messages.ts";
import { IconButton } from "../ui/button.tsx";
import { Logo } from "../ui/logo.tsx";
import { openPalette } from "./shortcuts.tsx";
import type { OPERATOR_PAGES } from "./tenant-pages.ts";
import { ThemeSwitch } from "./theme-switch.tsx";
import { usePages } from "./use-pages.ts";
import { useSignOut } from "./use-sign-out.ts";

const COMMAND = /Mac|iPhone|iPad/.test(navigator.userAgent) ? "⌘" : "Ctrl";
const ITEM =
  "flex h-9 items-center gap-2.5 rounded-lg px-2.5 text-sm font-medium text-muted transition-colors hover:bg-hover hover:text-ink";
const ACTIVE = { className: "bg-surface! text-ink! shadow-lift ring-1 ring-line" };

export function Sidebar() {
  const identity = useIdentity();
  const { ofOperators } = usePages();
  const { tenant } = useParams({ strict: false });
  return (
    <div className="flex h-full min-h-dvh flex-col p-3 lg:min-h-0">
      <div className="flex h-10 items-center gap-2.5 px-2.5">
        <Logo size={22} />
        <span className="text-lg font-semibold tracking-tight">{m.product}</span>
      </div>
      {tenant === undefined ? null : (
        <div className="mt-3 flex items-center gap-1">
          <button
            type="button"
            aria-haspopup="dialog"
            onClick={() => openPalette("places")}
            className="flex min-w-0 flex-1 items-center gap-2 rounded-lg px-2.5 py-1.5 text-left hover:bg-hover"
          >
            <span className="min-w-0 flex-1">
              <span className="block text-xs text-muted">{m.frame.tenant}</span>
              <span className="block truncate text-base font-semibold tracking-tight">{tenant}</span>
              <span className="sr-only">{m.frame.switch}</span>
            </span>
            <ChevronsUpDown size={14} aria-hidden className="text-faint" />
          </button>
          {identity.type === "user" ? <SwitchTenant /> : null}
        </div>
      )}
      <button
        type="button"
        aria-haspopup="dialog"
        aria-keyshortcuts="Meta+K Control+K"
        onClick={() => openPalette(null)}
        className="mt-3 flex h-9 w-full shrink-0 items-center gap-2.5 rounded-lg border border-line bg-surface px-2.5 text-left text-sm text-muted hover:text-ink"
      >
        <Search size={15} aria-hidden />
        <span className="flex-1">{m.frame.search}</span>
        <kbd aria-hidden className="text-xs text-faint">
          {COMMAND} K
        </kbd>
      </button>
      <nav aria-label={m.frame.nav} className="mt-4 flex flex-col gap-0.5">
        {tenant === undefined ? null : <TenantLinks tenant={tenant} />}
        {ofOperators.length > 0 ? (
          <>
            {tenant === undefined ? null : <div className="my-2 border-t border-line" />}
            {ofOperators.map(({ to, label }) => (
              <OperatorLink
                key={to}
                to={to}
                label={to === "/tenants" && tenant === undefined ? m.frame.tenants : label}
              />
            ))}
          </>
        ) : null}
      </nav>
      <footer className="mt-auto flex flex-col gap-3 pt-6">
        <ThemeSwitch />
        <Whoami
          name={identity.name}
          kind={
            identity.type === "operator"
              ? m.frame.operator
              : identity.type === "user"
                ? (identity.email ?? m.frame.member)
                : m.frame.serviceToken
          }
          isPerson={identity.email !== null}
        />
      </footer>
    </div>
  );
}

function SwitchTenant() {
  const router = useRouter();
  return (
    <IconButton aria-label={m.frame.switchTenant} onPress={() => void router.navigate({ to: "/choose" })}>
      <ArrowLeftRight size={15} aria-hidden />
    </IconButton>
  );
}

const ICONS = {
  "/t/$tenant/overview": Grid3x3,
  "/t/$tenant": KeyRound,
  "/t/$tenant/inbox": Inbox,
  "/t/$tenant/rotation": CalendarClock,
  "/t/$tenant/webhooks": Webhook,
  "/t/$tenant/links": Share2,
  "/t/$tenant/members": Users,
  "/t/$tenant/approvals": Stamp,
  "/t/$tenant/access": ShieldQuestion,
  "/t/$tenant/tokens": Ticket,
  "/t/$tenant/federation": Workflow,
  "/t/$tenant/audit": ScrollText,
  "/t/$tenant/settings": Settings,
  "/tenants": Building2,
  "/fleet": Radar,
  "/health": HeartPulse,
  "/keys": Vault,
} as const;

function OperatorLink({ to, label }: { to: (typeof OPERATOR_PAGES)[number]["to"]; label: string }) {
  const Icon = ICONS[to];
  return (
    <Link to={to} className={ITEM} activeProps={ACTIVE}>
      <Icon size={16} aria-hidden />
      {label}
    </Link>
  );
}

function TenantLinks({ tenant }: { tenant: string }) {
  const { project, environment } = useParams({ strict: false });
  const inside = project !== undefined && environment !== undefined;
  return usePages().ofTenant.map(({ to, label }) => {
    const Icon = ICONS[to];
    const words = (
      <>
        <Icon size={16} aria-hidden />
        {label}
      </>
    );
    // Inside an environment the secrets are that one's.
    return to === "/t/$tenant" && inside ? (
      <Link
        key={to}
        to="/t/$tenant/$project/$environment"
        params={{ tenant, project, environment }}
        className={ITEM}
        activeProps={ACTIVE}
      >
        {words}
      </Link>
    ) : (
      <Link
        key={to}
        to={to}
        params={{ tenant }}
        className={ITEM}
        activeOptions={{ exact: to === "/t/$tenant" }}
        activeProps={ACTIVE}
      >
        {words}
      </Link>
    );
  });
}

function Whoami({ name, kind, isPerson }: { name: string; kind: string; isPerson: boolean }) {
  const router = useRouter();
  const leave = useSignOut();
  return (
    <div className="flex items-center gap-2 rounded-xl border border-line bg-surface py-1.5 pr-1.5 pl-3">
      <p className="min-w-0 flex-1 leading-tight">
        <span className="sr-only">{m.frame.signedInAs} </span>
        <span className="block truncate text-sm font-medium">{name}</span>
        <span className="block truncate text-xs text-muted" title={kind}>
          {kind}
        </span>
      </p>
      {isPerson ? (
        <IconButton aria-label={m.frame.account} onPress={() => void router.navigate({ to: "/account" })}>
          <UserCog size={15} aria-hidden />
        </IconButton>
      ) : null}
      <IconButton aria-label={m.frame.signOut} onPress={leave}>
        <LogOut size={15} aria-hidden />
      </IconButton>
    </div>
  );
}
