import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { signOut } from "../data/session.ts";
import { useSessionEnd } from "./use-session-end.ts";

const IdleWarning = lazy(async () => ({
  default: (await import("../palette/idle-warning.tsx")).IdleWarning,
}));

/** Milliseconds without a touch after which somebody is signed out, and of these the last in which they are asked. */
export const IDLE_AFTER = 15 * 60_000;
const ASKED_FOR = 60_000;
const SIGNS = ["pointerdown", "keydown", "wheel", "touchstart"] as const;

/**
 * Signs out whoever has gone away, and leaves nothing of theirs on the screen. Tabs tell each other of a touch, so that one
 * in the back does not end what another works with.
 */
export function IdleLock() {
  const end = useSessionEnd();
  const touched = useRef(Date.now());
  const channel = useRef<BroadcastChannel | null>(null);
  const [left, setLeft] = useState<number | null>(null);

  useEffect(() => {
    const tabs = new BroadcastChannel("keyfold-activity");
    channel.current = tabs;
    let told = 0;
    const touch = () => {
      touched.current = Date.now();
      if (touched.current - told < 5_000) return;
      told = touched.current;
      tabs.postMessage(null);
    };
    // Once it was asked, only the answer counts: a mouse that is bumped is nobody.
    const onSign = () => Date.now() - touched.current < IDLE_AFTER - ASKED_FOR && touch();
    tabs.onmessage = () => {
      touched.current = Date.now();
      setLeft(null);
    };
    const leave = async () => {
      clearInterval(timer);
      await signOut().catch(() => undefined);
      await end();
    };
    const timer = setInterval(() => {
      const rest = IDLE_AFTER - (Date.now() - touched.current);
      setLeft(rest > ASKED_FOR ? null : Math.max(0, Math.ceil(rest / 1000)));
      if (rest <= 0) void leave();
    }, 1_000);
    for (const sign of SIGNS) addEventListener(sign, onSign, { passive: true });
    return () => {
      clearInterval(timer);
      tabs.close();
      for (const sign of SIGNS) removeEventListener(sign, onSign);
    };
  }, [end]);

  if (left === null) return null;
  return (
    <Suspense>
      <IdleWarning
        seconds={left}
        onStay={() => {
          touched.current = Date.now();
          channel.current?.postMessage(null);
          setLeft(null);
        }}
      />
    </Suspense>
  );
}
