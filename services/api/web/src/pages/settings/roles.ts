import type { Role } from "@/api/session";

/** What each role may do, in words; each includes the one below it. */
export const roleWords: Record<Role, { label: string; may: string }> = {
  owner: { label: "Owner", may: "owners, and the organisation itself" },
  admin: { label: "Admin", may: "the fleet, people and keys" },
  editor: { label: "Editor", may: "websites, channels, incidents and status pages" },
  viewer: { label: "Viewer", may: "look at everything" },
};

export const roles: readonly Role[] = ["viewer", "editor", "admin", "owner"];

/** The roles that somebody may give or take; only an owner makes and unmakes owners. */
export function assignable(mine: Role | null): readonly Role[] {
  if (mine === "owner") return roles;
  return mine === "admin" ? roles.filter((r) => r !== "owner") : [];
}

/** Why somebody's role cannot be changed by the viewer; undefined if it can. */
export function fixedBecause(
  mine: Role | null,
  member: { id: string; role: Role },
  owners: number,
): string | undefined {
  if (assignable(mine).length === 0) return "Only owners and admins change roles.";
  if (member.role === "owner" && mine !== "owner") return "Only an owner changes an owner.";
  if (member.role === "owner" && owners <= 1)
    return "The last owner stays one: make somebody else an owner first.";
  return undefined;
}
