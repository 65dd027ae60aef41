import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { newQueryClient, watchReach } from "@/api/query";
import { watchSession } from "@/api/session";
import { Toasts } from "@/ui/toast";
import { TooltipProvider } from "@/ui/tooltip";
import { App } from "./app";
import "./styles.css";

const client = newQueryClient();
watchSession(client);
watchReach(client);

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no root");
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <TooltipProvider>
        <App />
        <Toasts />
      </TooltipProvider>
    </QueryClientProvider>
  </StrictMode>,
);
