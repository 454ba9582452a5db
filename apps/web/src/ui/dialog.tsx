import { X } from "lucide-react";
import type { ReactNode } from "react";
import { Dialog as AriaDialog } from "react-aria-components/Dialog";
import { Heading } from "react-aria-components/Heading";
import { Modal, ModalOverlay } from "react-aria-components/Modal";
import { m } from "../messages.ts";
import { IconButton } from "./button.tsx";

interface Props {
  title: ReactNode;
  /** A line under the title. */
  lead?: ReactNode;
  isOpen: boolean;
  onClose: () => void;
  /** Whether Escape and a click beside it close it: not while something runs, or would be lost. */
  dismissable?: boolean;
  role?: "dialog" | "alertdialog";
  children: ReactNode;
}

const SCRIM = "fixed inset-0 z-40 bg-scrim";

/** A dialog in the middle of the screen; at the bottom on a phone. Focus is kept inside and given back. */
export function Dialog({
  title,
  lead,
  isOpen,
  onClose,
  dismissable = true,
  role = "dialog",
  children,
}: Props) {
  return (
    <ModalOverlay
      isOpen={isOpen}
      onOpenChange={(open) => !open && onClose()}
      isDismissable={dismissable}
      isKeyboardDismissDisabled={!dismissable}
      className={`${SCRIM} flex items-end justify-center sm:items-center sm:p-6`}
    >
      <Modal className="max-h-[92dvh] w-full overflow-y-auto rounded-t-2xl border border-line bg-surface shadow-float animate-appear sm:max-w-lg sm:rounded-2xl">
        <AriaDialog role={role} className="p-5 outline-none sm:p-6">
          <header className="mb-5 flex items-start gap-3">
            <div className="min-w-0 flex-1">
              <Heading slot="title" className="text-lg font-semibold tracking-tight">
                {title}
              </Heading>
              {lead === undefined ? null : <p className="mt-0.5 text-sm text-muted">{lead}</p>}
            </div>
            {dismissable ? (
              <div className="-mt-1 -mr-1.5">
                <IconButton aria-label={m.close} onPress={onClose}>
                  <X size={16} aria-hidden />
                </IconButton>
              </div>
            ) : null}
          </header>
          {children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}

interface DrawerProps {
  label: string;
  isOpen: boolean;
  onClose: () => void;
  side?: "left" | "right";
  children: ReactNode;
}

/** A sheet at the screen's side that fills a phone. */
export function Drawer({ label, isOpen, onClose, side = "right", children }: DrawerProps) {
  const place =
    side === "right"
      ? "right-0 w-full border-l sm:w-[30rem] animate-slide"
      : "left-0 w-72 max-w-[85vw] border-r animate-appear";
  return (
    <ModalOverlay isOpen={isOpen} onOpenChange={(open) => !open && onClose()} isDismissable className={SCRIM}>
      <Modal className={`fixed inset-y-0 overflow-y-auto border-line bg-surface shadow-float ${place}`}>
        <AriaDialog aria-label={label} className="flex min-h-full flex-col outline-none">
          {children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}

/** The row of buttons that ends a dialog. */
export function DialogActions({ children }: { children: ReactNode }) {
  return <div className="mt-6 flex flex-wrap justify-end gap-2">{children}</div>;
}
