/** What the form knows of a setting; spec.gen.ts has those of every kind. */
interface Common {
  name: string;
  doc?: string;
  required?: true;
}

export interface TextSpec extends Common {
  type: "text";
  max?: number;
  default?: string;
  /** Shown as *** for ever. */
  secret?: true;
  /** The flag beside it that makes it secret. */
  secretIf?: string;
}
export interface ChoiceSpec extends Common {
  type: "choice";
  options: readonly string[];
  default?: string;
}
export interface NumberSpec extends Common {
  type: "number";
  min?: number;
  max?: number;
  default?: number;
  unit?: string;
}
export interface FlagSpec extends Common {
  type: "flag";
  default?: boolean;
}
export interface TextsSpec extends Common {
  type: "texts";
  max?: number;
  default?: readonly string[];
}
export interface GroupSpec extends Common {
  type: "group";
  fields: readonly FieldSpec[];
}
export interface RowsSpec extends Common {
  type: "rows";
  max?: number;
  fields: readonly FieldSpec[];
}
export interface AssertionsSpec extends Common {
  type: "assertions";
  max?: number;
  sources: readonly string[];
}

export type FieldSpec =
  | TextSpec
  | ChoiceSpec
  | NumberSpec
  | FlagSpec
  | TextsSpec
  | GroupSpec
  | RowsSpec
  | AssertionsSpec;

/** What an assertion compares with; "value" is a text, a number, a boolean or null. */
export interface TargetSpec {
  type: "none" | "text" | "number" | "value";
  whole?: true;
  min?: number;
  max?: number;
  doc?: string;
}

export interface AssertionSpec {
  doc?: string;
  /** What of the source is looked at: the name of a header, a phase. */
  property?: { options?: readonly string[]; default?: string; max?: number };
  severities: readonly string[];
  /** What each comparison compares with. */
  comparisons: Readonly<Record<string, TargetSpec>>;
}
