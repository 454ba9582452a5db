import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "./app.css";
import { onSessionEnded } from "./data/session.ts";
import { queries, trpc } from "./data/trpc.ts";
import "./frame/theme.ts";
import { router } from "./router.tsx";

onSessionEnded(() => {
  // Without an identity nobody was signed in: the route itself leads to the sign-in page.
  if (queries.getQueryData(trpc.identity.get.queryKey()) === undefined) return;
  queries.clear();
  const next = router.state.location.href;
  void router.navigate({ to: "/sign-in", search: { next, ended: true } });
});

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
