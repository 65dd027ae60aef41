import { Page } from "@/shell/page";
import { EmptyState } from "@/ui";

export default function Settings() {
  return (
    <Page title="Settings">
      <EmptyState title="Not in the dashboard yet">
        What belongs here is in the API already: see /openapi.json.
      </EmptyState>
    </Page>
  );
}
