import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "../app.css";
import "../frame/theme.ts";
import { takeHeld } from "./calls.ts";
import { LinkPage } from "./link-page.tsx";

const held = takeHeld();

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <LinkPage held={held} />
  </StrictMode>,
);
