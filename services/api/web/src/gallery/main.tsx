import { createRoot } from "react-dom/client";
import { Toasts } from "@/ui/toast";
import { TooltipProvider } from "@/ui/tooltip";
import { Gallery } from "./gallery";
import "@/styles.css";

const root = document.getElementById("root");
if (root)
  createRoot(root).render(
    <TooltipProvider>
      <Gallery />
      <Toasts />
    </TooltipProvider>,
  );
