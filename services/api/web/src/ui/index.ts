/** The parts that pages are made of. See the README for when to take which. */
export * from "./button";
export * from "./chart";
export * from "./combobox";
export { cx } from "./cx";
export * from "./field";
export * from "./form";
export * from "./icons";
export * from "./menu";
export * from "./overlay";
export * from "./spark";
export * from "./states";
export * from "./table";
export * from "./tabs";
export * from "./time";
export { toast } from "./toast";
export { Popover, Tooltip } from "./tooltip";
export * from "./verdict";
