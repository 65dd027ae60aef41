import { Page } from "@/shell/page";
import { EmptyState } from "@/ui";

export default function Fleet() {
  return (
    <Page title="Fleet">
      <EmptyState title="Not in the dashboard yet">
        What belongs here is in the API already: see /openapi.json.
      </EmptyState>
    </Page>
  );
}
