import { useRouter } from "@tanstack/react-router";
import { type MouseEvent, useCallback } from "react";

/** The address of a secret's page. */
export function secretPath(
  place: { tenant: string; project: string; environment: string },
  id: string,
): string {
  const [tenant, project, environment] = [place.tenant, place.project, place.environment].map(
    encodeURIComponent,
  );
  return `/t/${tenant}/${project}/${environment}/s/${id}`;
}

/**
 * What a link of the browser's own does when it is clicked: the router goes there, unless it was clicked to open
 * elsewhere. For lists of thousands, where the router's Link, which watches where one is, costs more than the row.
 */
export function useFollow(): (event: MouseEvent<HTMLAnchorElement>) => void {
  const { history } = useRouter();
  return useCallback(
    (event) => {
      const { button, metaKey, ctrlKey, shiftKey, altKey, currentTarget } = event;
      if (button !== 0 || metaKey || ctrlKey || shiftKey || altKey) return;
      event.preventDefault();
      history.push(currentTarget.pathname);
    },
    [history],
  );
}
