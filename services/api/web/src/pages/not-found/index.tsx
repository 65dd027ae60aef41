import { useTitle } from "@/shell/page";
import { EmptyState, LinkButton } from "@/ui";

export default function NotFound() {
  useTitle("Not found");
  return (
    <div className="pt-[10vh]">
      <EmptyState
        level={1}
        icon="search"
        title="There is no such page"
        action={<LinkButton href="/">To the overview</LinkButton>}
      >
        The address may be mistyped, or what it showed was removed.
      </EmptyState>
    </div>
  );
}
