import type { ComponentProps, ReactNode } from "react";

type Look = "primary" | "secondary" | "quiet" | "danger" | "danger-quiet";

const LOOKS: Record<Look, string> = {
  primary: "bg-accent text-accent-ink hover:bg-accent-hover border-transparent shadow-lift",
  secondary: "bg-surface text-ink border-line hover:bg-hover shadow-lift",
  quiet: "bg-transparent text-muted border-transparent hover:bg-hover hover:text-ink",
  danger: "bg-danger text-danger-ink hover:bg-danger-hover border-transparent shadow-lift",
  "danger-quiet": "bg-transparent text-danger-text border-transparent hover:bg-danger-soft",
};

const BASE =
  "inline-flex items-center justify-center gap-1.5 rounded-lg border font-medium whitespace-nowrap select-none cursor-default transition-colors duration-100 active:scale-[0.985] disabled:opacity-45 disabled:pointer-events-none aria-busy:opacity-70";

interface Common
  extends Pick<
    ComponentProps<"button">,
    | "ref"
    | "type"
    | "autoFocus"
    | "aria-label"
    | "aria-expanded"
    | "aria-haspopup"
    | "onPointerEnter"
    | "onFocus"
  > {
  look?: Look;
  isDisabled?: boolean;
  /** Something runs: it keeps its place and its focus, and does nothing. */
  isPending?: boolean;
  onPress?: () => void;
  children: ReactNode;
}

export interface ButtonProps extends Common {
  size?: "sm" | "md" | "lg";
  wide?: boolean;
}

const SIZES = { sm: "h-7 px-2.5 text-sm", md: "h-9 px-3.5 text-sm", lg: "h-11 px-4 text-base" };

/** A button with words in it. The browser's own: it needs no library to be pressed by mouse, key or voice. */
export function Button({ size = "md", wide = false, ...props }: ButtonProps) {
  return <Plain {...props} className={`${SIZES[size]} ${wide ? "w-full" : ""}`} />;
}

export interface IconButtonProps extends Common {
  /** What it does, for screen readers; shown as a tooltip unless `hint` says it shorter. */
  "aria-label": string;
  hint?: string;
}

/** A button that is an icon: always named, with a tooltip for those who see it. 32 px, more than WCAG's least target. */
export function IconButton({ hint, look = "quiet", ...props }: IconButtonProps) {
  return <Plain {...props} look={look} className="size-8 shrink-0" hint={hint ?? props["aria-label"]} />;
}

function Plain({
  look = "secondary",
  type = "button",
  isDisabled = false,
  isPending = false,
  onPress,
  className,
  hint,
  children,
  ...props
}: Common & { className: string; hint?: string }) {
  return (
    <button
      {...props}
      type={type}
      disabled={isDisabled}
      data-hint={hint}
      aria-busy={isPending || undefined}
      aria-disabled={isPending || undefined}
      onClick={(event) => {
        if (isPending) event.preventDefault();
        else onPress?.();
      }}
      className={`${BASE} ${LOOKS[look]} ${className}`}
    >
      {children}
    </button>
  );
}
