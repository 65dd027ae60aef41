import type { Schema } from "@/api/client";
import { Banner, Button, CopyButton, Dialog, Input, Time } from "@/ui";

/** The link of an invitation, this once. */
export function LinkOnce({
  invitation: i,
  close,
}: {
  invitation: Schema["InvitationShown"];
  close: () => void;
}) {
  return (
    <Dialog
      open
      onOpenChange={(o) => !o && close()}
      title={`${i.email} is invited`}
      footer={
        <Button look="primary" onClick={close}>
          Done
        </Button>
      }
    >
      <div className="space-y-4">
        {i.mailed ? (
          <Banner>A mail with this link is on its way.</Banner>
        ) : (
          <Banner look="warning">This fleet sends no mail: hand the link over yourself.</Banner>
        )}
        <div className="flex gap-2">
          <Input
            aria-label="Link of the invitation"
            readOnly
            value={i.url}
            onFocus={(e) => e.target.select()}
          />
          <CopyButton text={i.url} look="primary" small={false} label="Copy" />
        </div>
        <p className="text-muted">
          It is shown this once, works for one person, and ends <Time at={i.expires_at} />.
        </p>
      </div>
    </Dialog>
  );
}
