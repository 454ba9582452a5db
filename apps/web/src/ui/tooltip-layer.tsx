import { useEffect, useState } from "react";

interface Tip {
  text: string;
  x: number;
  y: number;
  above: boolean;
}

/** Milliseconds that a pointer rests before a tooltip comes. */
const REST = 400;

/**
 * One tooltip for the whole page: shows `data-hint` of what is hovered or focused by keyboard; Escape and scrolling
 * take it away. Hidden from screen readers, who have the same words as the button's name.
 */
export function TooltipLayer() {
  const [tip, setTip] = useState<Tip | null>(null);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const hide = () => {
      clearTimeout(timer);
      setTip(null);
    };
    const show = (target: EventTarget | null, delay: number) => {
      hide();
      const button = target instanceof Element ? target.closest<HTMLElement>("[data-hint]") : null;
      if (button === null) return;
      timer = setTimeout(() => {
        if (!button.isConnected) return;
        const box = button.getBoundingClientRect();
        const above = box.bottom > innerHeight - 48;
        setTip({
          text: button.dataset.hint ?? "",
          x: Math.min(Math.max(box.left + box.width / 2, 72), innerWidth - 72),
          y: above ? box.top - 6 : box.bottom + 6,
          above,
        });
      }, delay);
    };
    const onOver = (event: PointerEvent) => event.pointerType === "mouse" && show(event.target, REST);
    const onFocus = (event: FocusEvent) =>
      event.target instanceof Element && event.target.matches(":focus-visible")
        ? show(event.target, 0)
        : hide();
    const onKey = (event: KeyboardEvent) => event.key === "Escape" && hide();
    document.addEventListener("pointerover", onOver);
    document.addEventListener("focusin", onFocus);
    document.addEventListener("pointerdown", hide);
    document.addEventListener("keydown", onKey);
    document.addEventListener("scroll", hide, true);
    return () => {
      hide();
      document.removeEventListener("pointerover", onOver);
      document.removeEventListener("focusin", onFocus);
      document.removeEventListener("pointerdown", hide);
      document.removeEventListener("keydown", onKey);
      document.removeEventListener("scroll", hide, true);
    };
  }, []);
  if (tip === null) return null;
  return (
    <div
      aria-hidden
      data-react-aria-top-layer="true"
      style={{ left: tip.x, top: tip.y }}
      className={`pointer-events-none fixed z-[60] max-w-64 -translate-x-1/2 rounded-md bg-ink px-2 py-1 text-xs font-medium text-canvas shadow-float ${
        tip.above ? "-translate-y-full" : ""
      }`}
    >
      {tip.text}
    </div>
  );
}
