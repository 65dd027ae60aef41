/** What is wrong with a form as a whole: useSubmit's `sentence`. */
export function FormError({ children }: { children: string | undefined }) {
  if (!children) return null;
  return (
    <p role="alert" className="rounded border border-l-4 border-down-fill px-3 py-2 wrap-anywhere">
      <span aria-hidden="true" className="text-down">
        ■{" "}
      </span>
      {children}
    </p>
  );
}
