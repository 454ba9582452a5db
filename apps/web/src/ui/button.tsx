import type { ReactNode } from "react";
import { Button as AriaButton, type ButtonProps as AriaButtonProps } from "react-aria-components/Button";
import { Tooltip, TooltipTrigger } from "react-aria-components/Tooltip";

type Look = "primary" | "secondary" | "quiet" | "danger" | "danger-quiet";

const LOOKS: Record<Look, string> = {
  primary: "bg-accent text-accent-ink hover:bg-accent-hover border-transparent shadow-lift",
  secondary: "bg-surface text-ink border-line hover:bg-hover shadow-lift",
  quiet: "bg-transparent text-muted border-transparent hover:bg-hover hover:text-ink",
  danger: "bg-danger text-danger-ink hover:bg-danger-hover border-transparent shadow-lift",
  "danger-quiet": "bg-transparent text-danger-text border-transparent hover:bg-danger-soft",
};

const BASE =
  "inline-flex items-center justify-center gap-1.5 rounded-lg border font-medium whitespace-nowrap select-none cursor-default transition-colors duration-100 pressed:scale-[0.985] data-[disabled]:opacity-45 data-[pending]:opacity-70";

export interface ButtonProps extends Omit<AriaButtonProps, "className" | "children" | "style"> {
  look?: Look;
  size?: "sm" | "md" | "lg";
  wide?: boolean;
  children: ReactNode;
}

/** A button with words in it. */
export function Button({ look = "secondary", size = "md", wide = false, children, ...props }: ButtonProps) {
  const sizes = { sm: "h-7 px-2.5 text-sm", md: "h-9 px-3.5 text-sm", lg: "h-11 px-4 text-base" };
  return (
    <AriaButton {...props} className={`${BASE} ${LOOKS[look]} ${sizes[size]} ${wide ? "w-full" : ""}`}>
      {children}
    </AriaButton>
  );
}

export interface IconButtonProps extends Omit<AriaButtonProps, "className" | "children" | "style"> {
  /** What it does, for screen readers; shown as a tooltip unless `hint` says it shorter. */
  "aria-label": string;
  hint?: string;
  look?: Look;
  children: ReactNode;
}

/** A button that is an icon: always named, with a tooltip for those who see it. 32 px, more than WCAG's least target. */
export function IconButton({ look = "quiet", hint, children, ...props }: IconButtonProps) {
  return (
    <TooltipTrigger delay={400} closeDelay={0}>
      <AriaButton {...props} className={`${BASE} ${LOOKS[look]} size-8 shrink-0`}>
        {children}
      </AriaButton>
      <Tooltip
        offset={6}
        className="rounded-md bg-ink px-2 py-1 text-xs font-medium text-canvas shadow-float animate-appear max-w-64"
      >
        {hint ?? props["aria-label"]}
      </Tooltip>
    </TooltipTrigger>
  );
}
