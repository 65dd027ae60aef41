import { Page } from "@/shell/page";
import { EmptyState } from "@/ui";

export default function StatusPages() {
  return (
    <Page title="Status pages">
      <EmptyState title="Not in the dashboard yet">
        What belongs here is in the API already: see /openapi.json.
      </EmptyState>
    </Page>
  );
}
