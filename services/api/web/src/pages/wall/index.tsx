import { useTitle } from "@/shell/page";
import { EmptyState, LinkButton } from "@/ui";

export default function Wall() {
  useTitle("Wall");
  return (
    <main className="pt-[10vh]">
      <EmptyState
        level={1}
        title="Not in the dashboard yet"
        action={<LinkButton href="/">To the overview</LinkButton>}
      />
    </main>
  );
}
