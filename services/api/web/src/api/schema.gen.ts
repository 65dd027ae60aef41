// Code generated from openapi.yaml by npm run generate. DO NOT EDIT.

export interface paths {
    "/v1/websites": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Websites, oldest first unless sorted */
        get: operations["listWebsites"];
        put?: never;
        /** Watch a website; its first HTTP monitor is made with it and checked at once */
        post: operations["createWebsite"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/websites/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        /** One website with its monitors */
        get: operations["getWebsite"];
        put?: never;
        post?: never;
        /** Remove a website with its monitors, queue entries, history and ticks */
        delete: operations["deleteWebsite"];
        options?: never;
        head?: never;
        /** Change a website; url and the settings of checking are those of its first monitor */
        patch: operations["updateWebsite"];
        trace?: never;
    };
    "/v1/websites/{id}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Stop checking, for good or until a time */
        post: operations["pauseWebsite"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/websites/{id}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Check again */
        post: operations["resumeWebsite"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/websites/{id}/mute": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Go on judging, but do not alert, for good or until a time */
        post: operations["muteWebsite"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/websites/{id}/unmute": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Alert again */
        post: operations["unmuteWebsite"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/websites/{id}/check": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Check every monitor but heartbeats now in every region and wait for the answers, at most its timeout and 5 s */
        post: operations["checkWebsite"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/websites/{id}/monitors": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        /** The monitors of a website, oldest first */
        get: operations["listWebsiteMonitors"];
        put?: never;
        /** Add a monitor of any kind to a website; it is checked at once */
        post: operations["createMonitor"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/websites/{id}/uptime": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        /** Uptime from the verdicts; the website is down while any of its monitors is */
        get: operations["getWebsiteUptime"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/monitors/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        /** One monitor */
        get: operations["getMonitor"];
        put?: never;
        post?: never;
        /** Remove a monitor with its queue entries, history and ticks */
        delete: operations["deleteMonitor"];
        options?: never;
        head?: never;
        /** Change a monitor; a change of target or settings clears its votes */
        patch: operations["updateMonitor"];
        trace?: never;
    };
    "/v1/monitors/{id}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Stop checking this monitor until it is resumed */
        post: operations["pauseMonitor"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/monitors/{id}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Check this monitor again; its website may still be paused */
        post: operations["resumeMonitor"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/monitors/{id}/clone": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Make another monitor like this one, with its secrets; paused ones are checked again */
        post: operations["cloneMonitor"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/monitors/{id}/check": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Check it now in every region and wait for the answers, at most its timeout and 5 s */
        post: operations["checkMonitor"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/monitors/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Run a monitor that is not saved once, now, and wait for the answers; nothing is stored or judged */
        post: operations["testMonitor"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/monitors/{id}/votes": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        /** What each region that has spoken holds of the monitor as it is now */
        get: operations["listMonitorVotes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/monitors/{id}/latency": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        /** Response times per region in at most 500 buckets; where nothing was measured there is no bucket */
        get: operations["getMonitorLatency"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/monitors/{id}/ticks": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        /** The single results as they were stored, newest first */
        get: operations["listMonitorTicks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/monitors/{id}/failures": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        /** What the last failed checks saw, newest first; the last 50, and those that led to an incident */
        get: operations["listMonitorFailures"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/monitors/{id}/heartbeat/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Give a heartbeat another address; the old one is refused from now on */
        post: operations["rotateHeartbeat"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/heartbeats/{token}": {
        parameters: {
            query?: {
                /** @description ok, the default, says that a run has finished well, fail that it has not, start that one begins */
                status?: components["parameters"]["PingStatus"];
                /** @description What the job has to say; the first 256 bytes are kept */
                msg?: components["parameters"]["PingMessage"];
                /** @description How long the run took; if absent, the time since its start */
                duration_ms?: components["parameters"]["PingDuration"];
            };
            header?: never;
            path: {
                token: components["parameters"]["Token"];
            };
            cookie?: never;
        };
        /** A job calls in; the token is all that it needs */
        get: operations["pingByGet"];
        put?: never;
        /** A job calls in; the token is all that it needs */
        post: operations["pingByPost"];
        delete?: never;
        options?: never;
        /** A job calls in; the token is all that it needs */
        head: operations["pingByHead"];
        patch?: never;
        trace?: never;
    };
    "/v1/regions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The regions, by name */
        get: operations["listRegions"];
        put?: never;
        /** Add a region, enabled; one that registered itself and is still pending is taken over. Only in the first organisation, whose regions look for all */
        post: operations["createRegion"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/regions/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: components["parameters"]["PathName"];
            };
            cookie?: never;
        };
        /** One region */
        get: operations["getRegion"];
        put?: never;
        post?: never;
        /** Remove a region; monitors that name others too lose this name */
        delete: operations["deleteRegion"];
        options?: never;
        head?: never;
        /** Change a region; enabling a pending one gives it checks and a vote */
        patch: operations["updateRegion"];
        trace?: never;
    };
    "/v1/fleet": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How the fleet itself is doing, per region and per stage */
        get: operations["getFleet"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What happens, as it happens, as Server-Sent Events
         * @description A stream that does not end by itself. Every line is as the HTML standard has it: `id`, `event`, `data`
         *     (one JSON object), `retry`, and comments as heartbeats about every 15 s. By `event`:
         *
         *     | event | data | what has happened |
         *     |-|-|-|
         *     | `verdict` | LiveVerdict | the verdict of a monitor has changed |
         *     | `incident` | LiveIncident | an incident was opened, acknowledged or resolved |
         *     | `fleet` | LiveFleet | trouble of the fleet, or of one of its regions, began or ended |
         *     | `config` | LiveConfig | a website, monitor, channel or region was created, changed or deleted |
         *     | `tick` | LiveTick | a check of one of the monitors of `monitor_id` is done |
         *     | `reset` | LiveReset | events are missing: ask for the present state anew |
         *
         *     Events and their members are only ever added: pass over those that you do not know. They are told after
         *     what they tell of was committed, each at least once as long as Redis is there; they are for the eyes, alerts
         *     do not hang on them. A client that comes back with `Last-Event-ID`, to whichever replica, is told what it has missed,
         *     or `reset` if that is too long ago. Heartbeats carry an `id`, too, so that it stays young. Ticks have none and are not repeated.
         *     One that does not keep up gets `reset` and is let go, and so it is when its key ends.
         */
        get: operations["streamEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/incidents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Incidents, newest first */
        get: operations["listIncidents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/incidents/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        /** One incident with its evidence and what happened */
        get: operations["getIncident"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Write down what was learned */
        patch: operations["updateIncident"];
        trace?: never;
    };
    "/v1/incidents/{id}/acknowledge": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Say that somebody is on it; a second time changes nothing */
        post: operations["acknowledgeIncident"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/channels": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The channels, oldest first */
        get: operations["listChannels"];
        put?: never;
        /** Add a channel; its secrets are sealed and never shown again */
        post: operations["createChannel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/channels/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        /** One channel */
        get: operations["getChannel"];
        put?: never;
        post?: never;
        /** Remove a channel with its deliveries */
        delete: operations["deleteChannel"];
        options?: never;
        head?: never;
        /** Change a channel; secrets that config does not name stay as they are */
        patch: operations["updateChannel"];
        trace?: never;
    };
    "/v1/channels/{id}/test": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Send a test alert and wait for what the other side answers, at most 15 s */
        post: operations["testChannel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Alerts and what became of them, newest first */
        get: operations["listDeliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/api-keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The keys of machines, oldest first, revoked ones too */
        get: operations["listApiKeys"];
        put?: never;
        /** Make a key; it is shown this once */
        post: operations["createApiKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/api-keys/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        /** One key, without its secret */
        get: operations["getApiKey"];
        put?: never;
        post?: never;
        /** End a key for ever; a second time changes nothing. The last one with the scope admin is refused */
        delete: operations["revokeApiKey"];
        options?: never;
        head?: never;
        /** Change the name, the scopes or the end of a key */
        patch: operations["updateApiKey"];
        trace?: never;
    };
    "/v1/api-keys/{id}/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Give a key another secret, which is shown this once; the one before works until the overlap ends */
        post: operations["rotateApiKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who changed what, newest first; as CSV with format=csv or the header Accept of text/csv */
        get: operations["listAudit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/setup": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What somebody who is not signed in has to know */
        get: operations["getSetup"];
        put?: never;
        /** Make the first account, the owner of the first organisation, and sign it in; only while there is none */
        post: operations["setUp"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sign-up": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Make an account with an organisation of its own and sign it in; 403 unless the fleet's SIGN_UP is open */
        post: operations["signUp"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Where one is signed in, newest first */
        get: operations["listSessions"];
        put?: never;
        /** Sign in; 401 with the type second-factor asks for a code beside the password */
        post: operations["signIn"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sessions/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Sign out somewhere else */
        delete: operations["endSession"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Sign out here */
        delete: operations["signOut"];
        options?: never;
        head?: never;
        /** Work in another organisation that one belongs to */
        patch: operations["switchOrganisation"];
        trace?: never;
    };
    "/v1/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who calls, and what they may do */
        get: operations["getMe"];
        put?: never;
        post?: never;
        /** Remove one's account; 409 while an organisation would be left without an owner */
        delete: operations["deleteMe"];
        options?: never;
        head?: never;
        /** Change one's name, e-mail address or password; the last two ask for the password, and a new one ends every other session */
        patch: operations["updateMe"];
        trace?: never;
    };
    "/v1/me/totp": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Get a secret for an authenticator app; it counts once a code of it is confirmed */
        post: operations["beginTotp"];
        /** Sign in without a second factor again */
        delete: operations["removeTotp"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/totp/confirm": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Ask for a second factor from now on; the recovery codes are shown this once */
        post: operations["confirmTotp"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/recovery-codes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Get new recovery codes, which are shown this once; those before end */
        post: operations["renewRecoveryCodes"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/password-resets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Have a link sent to an account's address; the answer does not tell whether there is one */
        post: operations["requestPasswordReset"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/password-resets/{token}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                token: components["parameters"]["Token"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Choose a new password with the token of a mail; every session ends, the second factor stays */
        post: operations["resetPassword"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/organisations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The organisations that one belongs to */
        get: operations["listOrganisations"];
        put?: never;
        /** Make an organisation and own it; 403 unless the fleet's SIGN_UP is open or one owns an organisation already */
        post: operations["createOrganisation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/organisations/{id}/membership": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Leave an organisation that one belongs to; its last owner cannot */
        delete: operations["leaveOrganisation"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/organisation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The organisation that one works in, what it may use, and what it uses */
        get: operations["getOrganisation"];
        put?: never;
        post?: never;
        /** Remove the organisation with all it has; its name must be said again. The first one of the fleet stays */
        delete: operations["deleteOrganisation"];
        options?: never;
        head?: never;
        /** Change its name or slug */
        patch: operations["updateOrganisation"];
        trace?: never;
    };
    "/v1/members": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who belongs to the organisation */
        get: operations["listMembers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/members/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Remove a member from the organisation; sessions there end */
        delete: operations["removeMember"];
        options?: never;
        head?: never;
        /** Give a member another role; only an owner makes and unmakes owners, and the last one stays */
        patch: operations["updateMember"];
        trace?: never;
    };
    "/v1/invitations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who was invited and has not come yet */
        get: operations["listInvitations"];
        put?: never;
        /** Invite somebody by e-mail; the link is in the answer, too, to be handed over where no mail is sent */
        post: operations["createInvitation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/invitations/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Take an invitation back */
        delete: operations["deleteInvitation"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/invitations/{id}/resend": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Send an invitation again with a new link; the one before ends */
        post: operations["resendInvitation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/invited/{token}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                token: components["parameters"]["Token"];
            };
            cookie?: never;
        };
        /** What an invitation is to */
        get: operations["getInvited"];
        put?: never;
        /** Come in, with a new account or, signed in with the invited address, with the one that there is */
        post: operations["acceptInvitation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/overview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Everything in numbers, for the top of a page */
        get: operations["getOverview"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/summaries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Websites as a list shows them, in one call: state, 90 slots, sparkline, percentiles, uptime, votes */
        get: operations["listSummaries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tags": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The tags that websites have */
        get: operations["listTags"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/websites/batch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Up to 1,000 creates, updates and deletes in one call */
        post: operations["batchWebsites"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/websites/bulk": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Pause, resume, mute, unmute, check, retag or remove many websites */
        post: operations["bulkWebsites"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/import": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Bring websites in from JSON or CSV, as an export has them; with dry_run, only say what would be done */
        post: operations["importWebsites"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Websites with their monitors, as an import takes them; secrets are left out and named */
        get: operations["exportWebsites"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/websites/{id}/uptime/daily": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        /** Uptime by day, oldest first */
        get: operations["listWebsiteUptimeDaily"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/websites/{id}/downtime": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        /** When it was down, newest first, and in which regions */
        get: operations["listWebsiteDowntime"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/monitors/{id}/stats": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        /** Percentiles and counts of a period beside those of the one before it */
        get: operations["getMonitorStats"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/incidents/{id}/comments": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Say something; it joins the events */
        post: operations["commentIncident"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/reports/uptime": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Uptime, latency, incidents and repair times of a period, by website */
        get: operations["reportUptime"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/status-pages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The pages that the public sees */
        get: operations["listStatusPages"];
        put?: never;
        /** Make a page; published, everybody may read it at /status/{slug} */
        post: operations["createStatusPage"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/status-pages/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        /** One page */
        get: operations["getStatusPage"];
        put?: never;
        post?: never;
        /** Remove a page */
        delete: operations["deleteStatusPage"];
        options?: never;
        head?: never;
        /** Change a page */
        patch: operations["updateStatusPage"];
        trace?: never;
    };
    "/v1/public/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The published pages of the fleet, by title */
        get: operations["listPublicStatus"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/public/status/{slug}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        /** A published page, as data */
        get: operations["getPublicStatus"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics/monitors": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The state of each monitor as Prometheus reads it; 404 unless the fleet's MONITOR_METRICS is on */
        get: operations["getMonitorMetrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/websites": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All websites */
        get: operations["legacyListWebsites"];
        put?: never;
        /** Watch a website every 180 s */
        post: operations["legacyCreateWebsite"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/websites/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        /** One website */
        get: operations["legacyGetWebsite"];
        put?: never;
        post?: never;
        /** Remove a website, its history and its queue entries */
        delete: operations["legacyDeleteWebsite"];
        options?: never;
        head?: never;
        /** Change a website's URL or name */
        patch: operations["legacyUpdateWebsite"];
        trace?: never;
    };
    "/regions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All regions */
        get: operations["legacyListRegions"];
        put?: never;
        /** Add a region */
        post: operations["legacyCreateRegion"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/monitor": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All websites with their latest status */
        get: operations["legacyListStatus"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/monitor/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        /** Response times of a website, oldest first */
        get: operations["legacyGetSeries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/monitor/{id}/downtime": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        /** When a website was down, newest first; with region, when that region saw it fail */
        get: operations["legacyListDowntime"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/monitor/{id}/last_downtime": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        /** The last time that a website was down, or null */
        get: operations["legacyGetLastDowntime"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** Format: uuid */
        ID: string;
        /** @description RFC 9457 */
        Problem: {
            /** @description A URN that names the kind of problem for ever */
            type: string;
            title: string;
            status: number;
            /** @description What is wrong, in a sentence */
            detail: string;
            /** @description Names the call in the logs */
            request_id: string;
            /** @description Of a conflict, the object that is there already */
            existing_id?: components["schemas"]["ID"];
            errors?: components["schemas"]["FieldError"][];
        };
        FieldError: {
            /** @description JSON pointer of the field, such as #/policy/quorum/count */
            pointer: string;
            detail: string;
            /** @enum {string} */
            in?: "body" | "query" | "path" | "header";
            /** @description Of a regular expression or JSONPath, where in it the mistake is, in bytes */
            offset?: number;
        };
        /** @enum {string} */
        Verdict: "unknown" | "up" | "degraded" | "down";
        /**
         * @description The verdict, or pending before the first one, or paused
         * @enum {string}
         */
        Status: "pending" | "paused" | "unknown" | "up" | "degraded" | "down";
        /** @description The enumerated cause of a failure, such as connect_timeout; empty for none */
        Reason: string;
        QuorumInput: {
            mode?: components["schemas"]["QuorumMode"];
            /** @description Failing regions that make it down; with mode count only */
            count?: number | null;
        };
        /** @enum {string} */
        QuorumMode: "majority" | "any" | "all" | "count";
        PolicyInput: {
            quorum?: components["schemas"]["QuorumInput"];
            confirmation_seconds?: number;
            recovery_rounds?: number;
        };
        Policy: {
            quorum: {
                mode: components["schemas"]["QuorumMode"];
                count?: number;
            };
            /** @description How long a quorum must keep failing before it is down */
            confirmation_seconds: number;
            /** @description Clean rounds that resolve an incident */
            recovery_rounds: number;
        };
        /** @description The regions that look; null, the default, is every enabled one that is not private, later ones too; a heartbeat has none */
        RegionNames: string[] | null;
        /**
         * @description Each includes the one before it
         * @enum {string}
         */
        Scope: "read" | "write" | "admin";
        Scopes: components["schemas"]["Scope"][];
        ApiKeyCreate: {
            /** @description What the key is for */
            name: string;
            scopes: components["schemas"]["Scopes"];
            /** @description Only these websites and what belongs to them; not with the scope admin; null: every one */
            website_ids?: components["schemas"]["ID"][] | null;
            /** @description Only websites with one of these tags; null: every one */
            tags?: components["schemas"]["Tag"][] | null;
            /**
             * Format: date-time
             * @description In the future; null: never
             */
            expires_at?: string | null;
        };
        ApiKeyUpdate: {
            name?: string;
            scopes?: components["schemas"]["Scopes"];
            /** @description Only these websites and what belongs to them; not with the scope admin; null: every one */
            website_ids?: components["schemas"]["ID"][] | null;
            /** @description Only websites with one of these tags; null: every one */
            tags?: components["schemas"]["Tag"][] | null;
            /**
             * Format: date-time
             * @description In the future; null: never
             */
            expires_at?: string | null;
        };
        ApiKeyRotate: {
            /**
             * @description How long the secret before goes on to work; 0 ends it at once
             * @default 0
             */
            overlap_seconds?: number;
        };
        ApiKey: {
            id: components["schemas"]["ID"];
            name: string;
            /** @description The key's public part, by which logs name it */
            prefix: string;
            scopes: components["schemas"]["Scope"][];
            website_ids: components["schemas"]["ID"][] | null;
            tags: string[] | null;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            expires_at: string | null;
            /**
             * Format: date-time
             * @description To the minute
             */
            last_used_at: string | null;
            /** Format: date-time */
            revoked_at: string | null;
            /**
             * Format: date-time
             * @description Until when the secret before the last rotation works
             */
            overlap_until: string | null;
        };
        ApiKeyShown: components["schemas"]["ApiKey"] & {
            /** @description The whole key; nobody can show it again */
            key: string;
        };
        ApiKeyPage: {
            items: components["schemas"]["ApiKey"][];
            next_cursor: string | null;
        };
        /** @enum {string} */
        AuditKind: "website" | "monitor" | "region" | "channel" | "incident" | "api_key" | "organisation" | "member" | "invitation" | "account" | "status_page";
        /** @description One change of one object, written down by the transaction that made it */
        AuditEntry: {
            /** Format: int64 */
            id: number;
            /** Format: date-time */
            at: string;
            actor: {
                /**
                 * @description system: a command of the operator, or the first start
                 * @enum {string}
                 */
                kind: "api_key" | "account" | "system";
                /**
                 * Format: uuid
                 * @description Of the key or the account
                 */
                id: string | null;
                /** @description Its name at the time */
                name: string;
            };
            /** @description Of the client; empty for none */
            address: string;
            /** @description Names the call in the logs */
            request_id: string;
            /** @description The operationId of the call, or bootstrap */
            operation: string;
            /** @enum {string} */
            action: "create" | "update" | "delete";
            object_kind: components["schemas"]["AuditKind"];
            /** @description A region has a name */
            object_id: string;
            /** @description The object as it was stored, secrets as ***; null: it was made */
            before: Record<string, never> | null;
            /** @description As it is stored since; null: it was removed */
            after: Record<string, never> | null;
        };
        AuditPage: {
            items: components["schemas"]["AuditEntry"][];
            next_cursor: string | null;
        };
        WebsiteCreate: {
            /** @description http or https; without a scheme, https */
            url: string;
            /** @description The URL's host if absent */
            name?: string | null;
            /** @description Your own id of it */
            external_id?: string | null;
            tags?: components["schemas"]["Tags"];
            /** @description The source that it is kept in; empty: by hand */
            managed_by?: string;
            /** @default 60 */
            interval_seconds?: number;
            /** @description At most 60000 and the interval; 10000 if absent, or the interval if that is less */
            timeout_ms?: number;
            regions?: components["schemas"]["RegionNames"];
            policy?: components["schemas"]["PolicyInput"] | null;
            /**
             * @description Allow a second website with this URL
             * @default false
             */
            allow_duplicate?: boolean;
        };
        WebsiteUpdate: {
            url?: string;
            name?: string | null;
            external_id?: string | null;
            tags?: components["schemas"]["Tags"];
            managed_by?: string;
            /** @description A timeout above the new interval is lowered to it */
            interval_seconds?: number | null;
            timeout_ms?: number | null;
            regions?: components["schemas"]["RegionNames"];
            /** @description What it does not name stays as it is */
            policy?: components["schemas"]["PolicyInput"] | null;
            allow_duplicate?: boolean;
        };
        Website: {
            id: components["schemas"]["ID"];
            url: string;
            name: string;
            external_id: string | null;
            tags: string[];
            managed_by: string;
            paused: boolean;
            /** Format: date-time */
            paused_until: string | null;
            muted: boolean;
            /** Format: date-time */
            muted_until: string | null;
            status: components["schemas"]["Status"];
            /** @description The worst of its monitors */
            verdict: components["schemas"]["Verdict"];
            /** Format: date-time */
            verdict_since: string | null;
            /** @description Regions in which it fails below quorum */
            advisory_regions: string[];
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            updated_at: string;
            monitors: components["schemas"]["Monitor"][];
        };
        WebsitePage: {
            items: components["schemas"]["Website"][];
            next_cursor: string | null;
        };
        UntilInput: {
            /**
             * Format: date-time
             * @description In the future; null: until it is undone
             */
            until?: string | null;
        };
        /**
         * @description How it looks at its target
         * @enum {string}
         */
        MonitorKind: "http" | "tcp" | "udp" | "dns" | "tls" | "icmp" | "grpc" | "websocket" | "smtp" | "domain" | "heartbeat";
        /** @description 5 to 86400, and 60 if absent; of tls up to 604800, and 300 if absent; of domain 3600 to 604800, and 86400 if absent; of heartbeat up to 31622400, 366 days. A timeout above a new interval is lowered to it */
        MonitorInterval: number | null;
        /** @description At most 60000 and the interval; 10000 if absent, of domain 20000; a heartbeat has none */
        MonitorTimeout: number | null;
        MonitorCreate: {
            kind: components["schemas"]["MonitorKind"];
            name?: string | null;
            /** @description As the kind wants it: a URL, host:port, a name; a heartbeat has none, all others need one */
            target?: string;
            settings?: components["schemas"]["MonitorSettings"];
            interval_seconds?: components["schemas"]["MonitorInterval"];
            timeout_ms?: components["schemas"]["MonitorTimeout"];
            regions?: components["schemas"]["RegionNames"];
            policy?: components["schemas"]["PolicyInput"] | null;
        };
        MonitorTest: {
            kind: components["schemas"]["MonitorKind"];
            /** @description As for a new monitor; a heartbeat cannot be tested */
            target?: string;
            settings?: components["schemas"]["MonitorSettings"];
            timeout_ms?: components["schemas"]["MonitorTimeout"];
            regions?: components["schemas"]["RegionNames"];
            /** @description A monitor of the same kind, whose secrets *** stands for */
            monitor_id?: components["schemas"]["ID"];
        };
        MonitorClone: {
            /** @description Where it goes; to the same website if absent */
            website_id?: components["schemas"]["ID"];
            /** @description The same if absent */
            name?: string | null;
            /** @description The same if absent; secrets do not go along to another host */
            target?: string;
        };
        MonitorUpdate: {
            name?: string | null;
            target?: string;
            /** @description A JSON merge patch (RFC 7396) of the settings as they are shown: what it leaves out stays, null takes a setting away, a list replaces the list before. Secrets that it leaves out or gives as *** stay as they were, but must be given again for another host. null sets all back to the defaults */
            settings?: components["schemas"]["MonitorSettings"] | null;
            interval_seconds?: components["schemas"]["MonitorInterval"];
            timeout_ms?: components["schemas"]["MonitorTimeout"];
            regions?: components["schemas"]["RegionNames"];
            /** @description What it does not name stays as it is */
            policy?: components["schemas"]["PolicyInput"] | null;
            paused?: boolean;
        };
        Monitor: {
            id: components["schemas"]["ID"];
            website_id: components["schemas"]["ID"];
            /** @description How it looks at its target: one of MonitorKind, later versions may add some */
            kind: string;
            name: string;
            target: string;
            settings: components["schemas"]["MonitorSettings"];
            interval_seconds: number;
            timeout_ms: number;
            regions: string[] | null;
            policy: components["schemas"]["Policy"];
            /** @description By itself; the website may be paused beside it */
            paused: boolean;
            /**
             * Format: int64
             * @description Grows with every change of what is checked or how it is judged
             */
            revision: number;
            status: components["schemas"]["Status"];
            verdict: components["schemas"]["Verdict"];
            /** Format: date-time */
            verdict_since: string | null;
            reason: components["schemas"]["Reason"];
            advisory_regions: string[];
            /** Format: date-time */
            advisory_since: string | null;
            /** @description Of a heartbeat; null for other kinds */
            heartbeat: components["schemas"]["HeartbeatState"] | null;
            /** @description What ends some day, as far as its checks have seen, the first end first */
            expiries: components["schemas"]["Expiry"][];
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            updated_at: string;
        };
        MonitorPage: {
            items: components["schemas"]["Monitor"][];
            next_cursor: string | null;
        };
        HeartbeatState: {
            /** @description Where the job calls in; null for keys that may only read */
            ping_url: string | null;
            /**
             * Format: date-time
             * @description When a run last finished
             */
            last_at: string | null;
            last_ok: boolean | null;
            last_message: string;
            /**
             * Format: int64
             * @description Of the last run
             */
            duration_ms: number | null;
            /**
             * Format: date-time
             * @description Of a run that has not finished
             */
            started_at: string | null;
            /**
             * Format: date-time
             * @description When silence begins to count, grace included, unless it calls in before; null before its first call
             */
            late_at: string | null;
        };
        Expiry: {
            /** @enum {string} */
            subject: "certificate" | "domain";
            /** Format: date-time */
            ends_at: string;
            /**
             * Format: double
             * @description By the server's clock; negative once it is over
             */
            days_left: number;
            /**
             * Format: date-time
             * @description When a check saw it last, at most an hour behind
             */
            seen_at: string;
            /** @description The last of the thresholds 30, 14, 7 and 1 that was warned of */
            warned_days: number | null;
        };
        Failure: {
            region: string;
            /** Format: date-time */
            due: string;
            outcome: components["schemas"]["Outcome"];
            reason: components["schemas"]["Reason"];
            detail: string;
            status_code: number | null;
            resolved_ip: string | null;
            /** @description 2 if it was tried again at once */
            attempts: number;
            worker: string;
            /** Format: double */
            latency_ms: number;
            /** Format: double */
            dns_ms: number;
            /** Format: double */
            connect_ms: number;
            /** Format: double */
            tls_ms: number;
            /** Format: double */
            ttfb_ms: number;
            /** Format: double */
            transfer_ms: number;
            /** Format: uuid */
            incident_id: string | null;
            evidence: components["schemas"]["Testimony"];
        };
        /** @description What else the probe saw, as far as the kind sees it: certificate, registration, packets, failures of assertions with expected and actual, answers, header, and an excerpt, the first 2 KiB of what the target said; without secrets and cookies, and cut to 6 KiB. Later versions may add members */
        Testimony: Record<string, never>;
        FailurePage: {
            items: components["schemas"]["Failure"][];
            next_cursor: string | null;
        };
        CheckReport: {
            /** @description Every region has answered in time */
            complete: boolean;
            results: components["schemas"]["CheckResult"][];
        };
        CheckResult: {
            monitor_id: components["schemas"]["ID"];
            region: string;
            ok: boolean;
            outcome: components["schemas"]["Outcome"];
            reason: components["schemas"]["Reason"];
            detail: string;
            /** Format: date-time */
            due: string;
            /** Format: double */
            latency_ms: number | null;
            /** Format: double */
            dns_ms: number;
            /** Format: double */
            connect_ms: number;
            /** Format: double */
            tls_ms: number;
            /** Format: double */
            ttfb_ms: number;
            /** Format: double */
            transfer_ms: number;
            status_code: number | null;
            resolved_ip: string | null;
            worker: string;
            /** @description null if the check saw nothing else */
            evidence: components["schemas"]["Testimony"] | null;
        };
        /** @enum {string} */
        Outcome: "pass" | "degraded" | "fail" | "expired" | "invalid";
        VoteList: {
            items: components["schemas"]["Vote"][];
            verdict: components["schemas"]["Verdict"];
            /** @description Failing in some regions, below quorum; null if not so */
            advisory: components["schemas"]["Advisory"] | null;
        };
        Advisory: {
            regions: string[];
            /** Format: date-time */
            since: string | null;
        };
        Vote: {
            region: string;
            vote: components["schemas"]["Outcome"];
            reason: components["schemas"]["Reason"];
            detail: string;
            /**
             * Format: date-time
             * @description It has said the same since
             */
            since: string;
            /**
             * Format: date-time
             * @description Of its last check
             */
            due: string;
            /** Format: double */
            latency_ms: number;
            status_code: number | null;
            resolved_ip: string | null;
            /** @description Workers of one site share a network */
            site: string;
            /** @description Not older than two intervals and a timeout */
            fresh: boolean;
            /** @description Fresh, and counted in the last judgement */
            counted: boolean;
            /** @description This region fails below quorum */
            advisory: boolean;
        };
        Latency: {
            monitor_id: components["schemas"]["ID"];
            /** Format: date-time */
            from: string;
            /** Format: date-time */
            to: string;
            /** Format: double */
            resolution_seconds: number;
            /** @description What was read: raw ticks or a roll-up of 5m or 1h */
            source: string;
            series: components["schemas"]["LatencySeries"][];
        };
        LatencySeries: {
            region: string;
            points: components["schemas"]["LatencyPoint"][];
        };
        /** @description One bucket; times over the passed checks, null when none passed */
        LatencyPoint: {
            /** Format: date-time */
            time: string;
            /** Format: int64 */
            count: number;
            /** Format: int64 */
            ok: number;
            /** Format: double */
            min_ms: number | null;
            /** Format: double */
            mean_ms: number | null;
            /** Format: double */
            max_ms: number | null;
            /** Format: double */
            p50_ms: number | null;
            /** Format: double */
            p95_ms: number | null;
            /** Format: double */
            dns_ms: number | null;
            /** Format: double */
            connect_ms: number | null;
            /** Format: double */
            tls_ms: number | null;
            /** Format: double */
            ttfb_ms: number | null;
            /** Format: double */
            transfer_ms: number | null;
        };
        Tick: {
            /**
             * Format: date-time
             * @description When the check was due
             */
            time: string;
            region: string;
            ok: boolean;
            outcome: string;
            reason: components["schemas"]["Reason"];
            status_code: number | null;
            /** Format: double */
            latency_ms: number;
            /** Format: double */
            dns_ms: number;
            /** Format: double */
            connect_ms: number;
            /** Format: double */
            tls_ms: number;
            /** Format: double */
            ttfb_ms: number;
            /** Format: double */
            transfer_ms: number;
            /**
             * Format: double
             * @description How long after due it was started
             */
            late_ms: number;
            /** @description Not of the schedule: a first check, a confirmation, a check on demand */
            urgent: boolean;
        };
        TickPage: {
            items: components["schemas"]["Tick"][];
            next_cursor: string | null;
        };
        Uptime: {
            website_id: components["schemas"]["ID"];
            /** Format: date-time */
            from: string;
            /** Format: date-time */
            to: string;
            /** Format: double */
            total_seconds: number;
            /** Format: double */
            up_seconds: number;
            /** Format: double */
            degraded_seconds: number;
            /** Format: double */
            down_seconds: number;
            /** Format: double */
            unknown_seconds: number;
            /**
             * Format: double
             * @description Paused, or before it was watched
             */
            unmonitored_seconds: number;
            /**
             * Format: double
             * @description Up and degraded of what is known; null when nothing is
             */
            uptime_percent: number | null;
            /**
             * Format: double
             * @description What is known of the whole period
             */
            coverage_percent: number;
        };
        RegionCreate: {
            name: string;
            title?: string;
            /** Format: double */
            latitude?: number | null;
            /** Format: double */
            longitude?: number | null;
            /**
             * @description It looks only for monitors of its organisation that name it
             * @default false
             */
            private?: boolean;
            /** @description Whose it is, private then; the caller's if absent */
            organisation?: components["schemas"]["Slug"];
        };
        RegionUpdate: {
            title?: string | null;
            /** Format: double */
            latitude?: number | null;
            /** Format: double */
            longitude?: number | null;
            /** @description Whether it gets checks and has a vote */
            enabled?: boolean;
            /** @description It looks only for monitors of its organisation that name it; those of others forget it */
            private?: boolean;
        };
        /**
         * @description pending registered itself and waits to be enabled; silent has no live worker; sick fails what the others find well, and has no vote
         * @enum {string}
         */
        RegionState: "pending" | "active" | "silent" | "sick" | "disabled";
        Region: {
            name: string;
            title: string;
            /** Format: double */
            latitude: number | null;
            /** Format: double */
            longitude: number | null;
            enabled: boolean;
            /** @description It looks only for monitors of its organisation that name it */
            private: boolean;
            /** @description It is of the caller's organisation, which manages it */
            own: boolean;
            state: components["schemas"]["RegionState"];
            live_workers: number;
            /** @description Empty unless the region is one's own */
            workers: components["schemas"]["Worker"][];
            /**
             * Format: date-time
             * @description When a live worker was last seen
             */
            last_seen_at: string | null;
            /** Format: date-time */
            sick_since: string | null;
            /**
             * Format: int64
             * @description Checks in the queue; null while the queue is away
             */
            waiting: number | null;
            /**
             * Format: int64
             * @description Age of the oldest of them, 0 if there is none
             */
            oldest_waiting_ms: number | null;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            updated_at: string;
        };
        RegionCreated: components["schemas"]["Region"] & {
            /** @description REGION_KEY of its workers, 32 bytes in base64, shown this once */
            message_key: string;
        };
        Worker: {
            id: string;
            site: string;
            version: string;
            host: string;
            concurrency: number;
            /** @description Writes its ticks to InfluxDB itself */
            ticks: boolean;
            alive: boolean;
            /** Format: date-time */
            started_at: string | null;
            /**
             * Format: date-time
             * @description Of its last sign of life; null: there is none any more
             */
            last_seen_at: string | null;
        };
        RegionPage: {
            items: components["schemas"]["Region"][];
            next_cursor: string | null;
        };
        /** @description Every check that was scheduled is in exactly one of the others: scheduled = done + expired + invalid + waiting */
        Ledger: {
            /** Format: int64 */
            scheduled: number;
            /** Format: int64 */
            done: number;
            /**
             * Format: int64
             * @description Taken from the queue too late to be run
             */
            expired: number;
            /**
             * Format: int64
             * @description Could not be run
             */
            invalid: number;
            /**
             * Format: int64
             * @description Never queued
             */
            missed: number;
            /** Format: int64 */
            waiting: number;
        };
        /** @description What became of a region's checks within a minute, as it was read. Its counts are below zero where Redis came back with an older state after a failover, from which they are counted again. */
        LedgerMinute: {
            /**
             * Format: date-time
             * @description When it began
             */
            minute: string;
            /** Format: int64 */
            scheduled: number;
            /** Format: int64 */
            done: number;
            /** Format: int64 */
            expired: number;
            /** Format: int64 */
            invalid: number;
            /** Format: int64 */
            missed: number;
            /**
             * Format: int64
             * @description At the end of the minute
             */
            waiting: number;
            /**
             * Format: int64
             * @description Checks that cannot be accounted for: 0, or something is wrong
             */
            balance: number;
            /** @description How often the ledger began anew because Redis had lost its data */
            restarts: number;
        };
        FleetRegion: {
            region: string;
            state: components["schemas"]["RegionState"];
            /** Format: int64 */
            scheduled: number;
            /** Format: int64 */
            done: number;
            /** Format: int64 */
            expired: number;
            /** Format: int64 */
            invalid: number;
            /** Format: int64 */
            missed: number;
            /** Format: int64 */
            waiting: number;
            /** @description The checks beside the schedule, in a ledger of their own */
            urgent: components["schemas"]["Ledger"];
            /** Format: int64 */
            oldest_waiting_ms: number;
            /**
             * Format: double
             * @description Over the last window; null without one
             */
            late_p50_ms: number | null;
            /** Format: double */
            late_p99_ms: number | null;
            live_workers: number;
            /**
             * Format: int64
             * @description Results that the aggregator has not folded yet
             */
            results_waiting: number;
            /** Format: int64 */
            dead_letters: number;
            /** @description Every check of the last hour is accounted for, urgent ones included */
            balanced: boolean;
            /** @description The last hour of the schedule, oldest first; minutes without a reading are missing */
            ledger_minutes: components["schemas"]["LedgerMinute"][];
            /** @description The same of the checks beside the schedule; minutes in which there was none are missing */
            urgent_ledger_minutes: components["schemas"]["LedgerMinute"][];
        };
        FleetStage: {
            /** @enum {string} */
            stage: "pusher" | "worker" | "aggregator" | "ticks" | "notifier";
            ok: boolean;
            /**
             * Format: int64
             * @description How old the oldest thing is that it has yet to do; null: not known
             */
            lag_ms: number | null;
            /**
             * Format: int64
             * @description How many things it has yet to do
             */
            waiting: number | null;
            detail: string;
        };
        FleetEvent: {
            kind: string;
            region: string;
            /** Format: date-time */
            opened_at: string;
            explanation: string;
        };
        RecentFleetEvent: {
            kind: string;
            /** @description Empty: the whole fleet */
            region: string;
            /** Format: date-time */
            opened_at: string;
            /** Format: date-time */
            resolved_at: string;
            /** @description Why it was opened */
            explanation: string;
        };
        Fleet: {
            /** Format: date-time */
            time: string;
            /** @description The ledgers of all regions balance */
            balanced: boolean;
            regions: components["schemas"]["FleetRegion"][];
            stages: components["schemas"]["FleetStage"][];
            /** @description What is wrong with the fleet now */
            events: components["schemas"]["FleetEvent"][];
            /** @description What was wrong and ended within the last 7 days, the latest end first, 50 at most */
            recent_events: components["schemas"]["RecentFleetEvent"][];
            /** Format: int64 */
            queue_memory_bytes: number;
            /**
             * Format: int64
             * @description 0: no limit
             */
            queue_memory_max_bytes: number;
        };
        LiveVerdict: {
            monitor_id: components["schemas"]["ID"];
            website_id: components["schemas"]["ID"];
            website_name: string;
            monitor_name: string;
            from: components["schemas"]["Verdict"];
            to: components["schemas"]["Verdict"];
            /** Format: date-time */
            at: string;
            reason: components["schemas"]["Reason"];
            explanation: string;
        };
        LiveIncident: {
            /** @enum {string} */
            change: "opened" | "acknowledged" | "resolved" | "commented" | "noted";
            incident_id: components["schemas"]["ID"];
            monitor_id: components["schemas"]["ID"];
            website_id: components["schemas"]["ID"];
            website_name: string;
            /** @enum {string} */
            severity: "down" | "degraded";
            /**
             * Format: date-time
             * @description Of the change
             */
            at: string;
            /** Format: date-time */
            opened_at: string;
            /** @description Why it was opened; once resolved, how it ended */
            explanation: string;
            /** @description Who acknowledged it, commented or wrote the note */
            by?: string;
        };
        LiveFleet: {
            /** @enum {string} */
            change: "opened" | "resolved";
            /** @description sick, silent, blind and such: the kind of a FleetEvent */
            kind: string;
            /** @description Whose state has changed; empty: the whole fleet's */
            region: string;
            /** Format: date-time */
            at: string;
            explanation: string;
        };
        LiveConfig: {
            /** @enum {string} */
            change: "created" | "changed" | "deleted";
            /** @enum {string} */
            object: "website" | "monitor" | "channel" | "region" | "status_page";
            /** @description Of the object; a region has a name */
            id: string;
            /** @description Of a monitor and of a website */
            website_id?: components["schemas"]["ID"];
            /** Format: date-time */
            at: string;
        };
        LiveTick: components["schemas"]["Tick"] & {
            monitor_id: components["schemas"]["ID"];
            website_id: components["schemas"]["ID"];
        };
        LiveReset: {
            /**
             * @description expired: too long ago to go on from; slow: the client does not keep up, and the stream ends; lost: Redis has lost events
             * @enum {string}
             */
            reason: "expired" | "slow" | "lost";
        };
        /** @enum {string} */
        IncidentStatus: "open" | "acknowledged" | "resolved";
        Incident: {
            id: components["schemas"]["ID"];
            website_id: components["schemas"]["ID"];
            monitor_id: components["schemas"]["ID"];
            website_name: string;
            url: string;
            /** @enum {string} */
            severity: "down" | "degraded";
            status: components["schemas"]["IncidentStatus"];
            /** Format: date-time */
            opened_at: string;
            /** Format: date-time */
            resolved_at: string | null;
            /** Format: date-time */
            acknowledged_at: string | null;
            acknowledged_by: string | null;
            /**
             * Format: double
             * @description Until now while it is open
             */
            duration_seconds: number;
            /** @description Why it was opened, in one sentence */
            explanation: string;
            /** @description How it ended, in one sentence; empty while it is open */
            resolution: string;
            /** @description What was learned, by a person */
            note: string;
            evidence: components["schemas"]["Evidence"];
            events: components["schemas"]["IncidentEvent"][];
            /** @description What the failing regions saw, oldest first; of one incident, pages leave it out */
            failures?: components["schemas"]["Failure"][];
        };
        /** @description What the verdict rested on, kept as it was; later versions may add members */
        Evidence: {
            /** @description The confirmation round that decided */
            round: number;
            quorum: Record<string, never>;
            votes: components["schemas"]["EvidenceVote"][];
        };
        EvidenceVote: {
            region: string;
            vote: string;
            reason: string;
            /**
             * Format: date-time
             * @description null: it has never spoken
             */
            due: string | null;
            /** Format: double */
            latency_ms: number;
            status_code: number | null;
            resolved_ip: string | null;
            counted: boolean;
        };
        IncidentEvent: {
            id: components["schemas"]["ID"];
            /** Format: date-time */
            at: string;
            /** @description first_failure, round, opened, alerted, acknowledged, resolved, comment (data: by, text) and such */
            kind: string;
            data: Record<string, never>;
        };
        IncidentPage: {
            items: components["schemas"]["Incident"][];
            next_cursor: string | null;
        };
        /** @enum {string} */
        AlertEvent: "down" | "recovered" | "degraded" | "advisory" | "fleet" | "expiry";
        /** @description By kind. email: to[], smtp? {host, port, security, user, pass, from}; slack: webhook_url; webhook: url, secret?, template? */
        ChannelConfig: {
            [key: string]: unknown;
        };
        ChannelCreate: {
            name: string;
            /** @description email, slack or webhook */
            kind: string;
            config: components["schemas"]["ChannelConfig"];
            /** @default true */
            enabled?: boolean;
            /** @description down, recovered and expiry if absent */
            events?: components["schemas"]["AlertEvent"][] | null;
            /** @description null, the default: every website */
            website_ids?: components["schemas"]["ID"][] | null;
            /**
             * @description Tell again so often while it is down; 0: never
             * @default 0
             */
            reminder_seconds?: number;
            /**
             * @description One alert per website in this time; recoveries are always told
             * @default 0
             */
            throttle_seconds?: number;
        };
        ChannelUpdate: {
            name?: string;
            config?: components["schemas"]["ChannelConfig"];
            enabled?: boolean;
            events?: components["schemas"]["AlertEvent"][] | null;
            website_ids?: components["schemas"]["ID"][] | null;
            reminder_seconds?: number | null;
            throttle_seconds?: number | null;
        };
        Channel: {
            id: components["schemas"]["ID"];
            name: string;
            kind: string;
            config: components["schemas"]["ChannelConfig"];
            enabled: boolean;
            events: components["schemas"]["AlertEvent"][];
            website_ids: components["schemas"]["ID"][] | null;
            reminder_seconds: number;
            throttle_seconds: number;
            /**
             * Format: date-time
             * @description Until when the other side asked to be left alone
             */
            held_until: string | null;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            updated_at: string;
        };
        ChannelPage: {
            items: components["schemas"]["Channel"][];
            next_cursor: string | null;
        };
        /** @enum {string} */
        DeliveryStatus: "pending" | "delivered" | "dead" | "suppressed" | "combined";
        Delivery: {
            id: components["schemas"]["ID"];
            channel_id: components["schemas"]["ID"];
            /** Format: uuid */
            incident_id: string | null;
            /** Format: uuid */
            website_id: string | null;
            /** @description down, recovered, degraded, advisory, fleet, expiry, reminder or test */
            event: string;
            idempotency_key: string;
            status: components["schemas"]["DeliveryStatus"];
            /**
             * Format: uuid
             * @description The delivery whose message tells this one, too; null if its own does. Once combined, response is what that one got.
             */
            digest_id: string | null;
            attempts: number;
            /** @description What the alert says */
            message: Record<string, never>;
            /** @description The other side's last answer, null if there was none */
            response: components["schemas"]["Answer"] | null;
            error: string;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            finished_at: string | null;
            /**
             * Format: date-time
             * @description Until when a pending one waits; null if it may be tried
             */
            retry_at: string | null;
        };
        Answer: {
            /** @description HTTP status or SMTP reply code */
            code: number;
            /** @description The first 1 KiB of the body, or the SMTP reply */
            text: string;
        };
        DeliveryPage: {
            items: components["schemas"]["Delivery"][];
            next_cursor: string | null;
        };
        /**
         * @description viewer may read, editor write, admin manage the fleet and people, owner other owners and the organisation; each includes the one before
         * @enum {string}
         */
        Role: "owner" | "admin" | "editor" | "viewer";
        /** @description An e-mail address */
        Email: string;
        /** @description At least 10 characters */
        Password: string;
        Setup: {
            /** @description There is no account yet */
            needed: boolean;
            /** @description Everybody may make an account */
            sign_up_open: boolean;
            /** @description The fleet sends mail: invitations and new passwords can be mailed */
            mail: boolean;
            version: string;
        };
        SignUp: {
            email: components["schemas"]["Email"];
            password: components["schemas"]["Password"];
            /** @description Of the person */
            name?: string;
            /** @description Its name; made up of the person's if absent */
            organisation?: string;
        };
        SignIn: {
            email: string;
            password: string;
            /** @description Of the second factor, or a recovery code */
            code?: string;
            /**
             * @description 30 days rather than 12 hours without use
             * @default false
             */
            remember?: boolean;
        };
        Session: {
            id: components["schemas"]["ID"];
            /** @description It is that of this call */
            current: boolean;
            /** @description Of the client that signed in */
            address: string;
            user_agent: string;
            /** Format: date-time */
            created_at: string;
            /**
             * Format: date-time
             * @description To the minute
             */
            last_seen_at: string;
            /** Format: date-time */
            expires_at: string;
        };
        SessionList: {
            items: components["schemas"]["Session"][];
        };
        SessionUpdate: {
            organisation_id: components["schemas"]["ID"];
        };
        Me: {
            /** @description null for a key */
            account: components["schemas"]["Account"] | null;
            /** @description null for an account */
            key: components["schemas"]["ApiKey"] | null;
            /** @description That one works in; null for an account that belongs to none */
            organisation: components["schemas"]["OrganisationRef"] | null;
            /** @description Of the account in it; null for a key */
            role: components["schemas"]["Role"] | null;
            scopes: components["schemas"]["Scope"][];
            /** @description All that the account belongs to, by name */
            organisations: components["schemas"]["OrganisationRef"][];
        };
        Account: {
            id: components["schemas"]["ID"];
            email: string;
            name: string;
            /** @description A second factor is asked for */
            totp: boolean;
            recovery_codes_left: number;
            /** Format: date-time */
            created_at: string;
        };
        MeUpdate: {
            name?: string;
            email?: components["schemas"]["Email"];
            new_password?: components["schemas"]["Password"];
            /** @description The one that there is; asked for by email and new_password */
            password?: string;
        };
        PasswordProof: {
            password: string;
            /** @description Of the second factor, or a recovery code, where there is one */
            code?: string;
        };
        TotpSecret: {
            /** @description In base32 */
            secret: string;
            /** @description otpauth://, as apps read it */
            url: string;
            /** @description The URL as a QR code */
            qr_svg: string;
        };
        TotpCode: {
            code: string;
        };
        RecoveryCodes: {
            /** @description Each works once */
            recovery_codes: string[];
        };
        PasswordResetRequest: {
            email: components["schemas"]["Email"];
        };
        NewPassword: {
            password: components["schemas"]["Password"];
        };
        OrganisationRef: {
            id: components["schemas"]["ID"];
            slug: string;
            name: string;
            /** @description Of the caller in it; null for a key */
            role: components["schemas"]["Role"] | null;
        };
        OrganisationList: {
            items: components["schemas"]["OrganisationRef"][];
        };
        Slug: string;
        OrganisationCreate: {
            name: string;
            slug?: components["schemas"]["Slug"];
        };
        OrganisationUpdate: {
            name?: string;
            slug?: components["schemas"]["Slug"];
        };
        OrganisationDelete: {
            /** @description Of the organisation, once more */
            name: string;
            password: string;
            code?: string;
        };
        Quota: {
            /** Format: double */
            used: number;
            /** @description null: as many as one likes */
            limit: number | null;
        };
        Organisation: {
            id: components["schemas"]["ID"];
            slug: string;
            name: string;
            /** Format: date-time */
            created_at: string;
            quotas: {
                websites: components["schemas"]["Quota"];
                monitors: components["schemas"]["Quota"];
                checks_per_minute: components["schemas"]["Quota"];
                channels: components["schemas"]["Quota"];
            };
        };
        Member: {
            /** @description Of the account */
            id: components["schemas"]["ID"];
            email: string;
            name: string;
            role: components["schemas"]["Role"];
            /** @description Signs in with a second factor */
            totp: boolean;
            /** Format: date-time */
            since: string;
            /** Format: date-time */
            last_sign_in_at: string | null;
        };
        MemberPage: {
            items: components["schemas"]["Member"][];
            next_cursor: string | null;
        };
        MemberUpdate: {
            role: components["schemas"]["Role"];
        };
        InvitationCreate: {
            email: components["schemas"]["Email"];
            role: components["schemas"]["Role"];
        };
        Invitation: {
            id: components["schemas"]["ID"];
            email: string;
            role: components["schemas"]["Role"];
            invited_by: string;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            expires_at: string;
        };
        InvitationShown: components["schemas"]["Invitation"] & {
            /** @description Where it is accepted; nobody can show it again */
            url: string;
            /** @description A mail with the link is on its way; without SMTP_HOST none is sent */
            mailed: boolean;
        };
        InvitationPage: {
            items: components["schemas"]["Invitation"][];
            next_cursor: string | null;
        };
        Invited: {
            email: string;
            organisation: string;
            role: components["schemas"]["Role"];
            invited_by: string;
            /** @description The address has an account: sign in with it first */
            has_account: boolean;
            /** Format: date-time */
            expires_at: string;
        };
        InvitationAccept: {
            name?: string;
            password?: components["schemas"]["Password"];
        };
        Tag: string;
        Tags: components["schemas"]["Tag"][];
        TagList: {
            items: components["schemas"]["TagCount"][];
        };
        TagCount: {
            tag: string;
            websites: number;
            counts: components["schemas"]["StatusCounts"];
        };
        /** @description How many websites are in each state */
        StatusCounts: {
            pending: number;
            paused: number;
            unknown: number;
            up: number;
            degraded: number;
            down: number;
        };
        Overview: {
            counts: components["schemas"]["StatusCounts"];
            /** @description Websites that fail in some regions below quorum */
            advisories: number;
            open_incidents: number;
            /** @description The open ones, newest first, at most 50; without events */
            incidents: components["schemas"]["Incident"][];
            /**
             * Format: double
             * @description Of all websites together; null when nothing is known
             */
            uptime_24h_percent: number | null;
            /** @description Enabled channels; with none, nobody is told */
            channels: number;
            /** @description Enabled regions */
            regions: number;
            /** @description Networks that the live workers of these regions are in; regions of one network see the same failures */
            sites: number;
        };
        SummaryPage: {
            items: components["schemas"]["Summary"][];
            next_cursor: string | null;
            slot_seconds: number;
            /**
             * Format: date-time
             * @description End of the last slot
             */
            slots_end: string;
            /** @description InfluxDB does not answer: sparklines and percentiles are missing */
            ticks_away: boolean;
        };
        Summary: {
            id: components["schemas"]["ID"];
            name: string;
            url: string;
            tags: string[];
            /** @description Of its monitors, each once */
            kinds: string[];
            status: components["schemas"]["Status"];
            /** Format: date-time */
            verdict_since: string | null;
            /** @description Of its worst monitor */
            reason: components["schemas"]["Reason"];
            muted: boolean;
            paused: boolean;
            advisory_regions: string[];
            /** @description By region, the worst of its monitors */
            votes: components["schemas"]["SummaryVote"][];
            /** @description One letter per slot, oldest first: u up, d degraded, x down, p partly down, n unknown, z paused, and - for not watched; the worst of the slot */
            slots: string;
            /** @description Mean latency of its first monitor in each of the last 24 hours, oldest first, in milliseconds */
            sparkline: (number | null)[];
            /**
             * Format: double
             * @description Over the last 24 hours
             */
            p50_ms: number | null;
            /** Format: double */
            p95_ms: number | null;
            /** Format: double */
            uptime_24h_percent: number | null;
            /** Format: double */
            uptime_30d_percent: number | null;
            /** Format: double */
            coverage_30d_percent: number;
            /** Format: date-time */
            last_checked_at: string | null;
            /** @description Of the open one */
            incident_id: components["schemas"]["ID"] | null;
            /** @description Until the first certificate or domain of its monitors ends */
            expires_in_days: number | null;
        };
        SummaryVote: {
            region: string;
            /**
             * @description none: it has not spoken yet
             * @enum {string}
             */
            vote: "none" | "pass" | "degraded" | "fail";
            fresh: boolean;
            counted: boolean;
        };
        Batch: {
            /**
             * @description All or nothing
             * @default false
             */
            atomic?: boolean;
            items: components["schemas"]["BatchItem"][];
        };
        /** @description One of create, update with id, delete */
        BatchItem: {
            create?: components["schemas"]["WebsiteCreate"];
            id?: components["schemas"]["ID"];
            update?: components["schemas"]["WebsiteUpdate"];
            delete?: components["schemas"]["ID"];
        };
        BatchResult: {
            applied: number;
            failed: number;
            items: components["schemas"]["BatchAnswer"][];
        };
        BatchAnswer: {
            /** @description As the single call would have answered; 424: all or nothing, and another one failed */
            status: number;
            id?: components["schemas"]["ID"];
            website?: components["schemas"]["Website"];
            problem?: components["schemas"]["Problem"];
        };
        /** @description ids or a filter (q, tag, status) or all says which */
        Bulk: {
            /** @enum {string} */
            action: "pause" | "resume" | "mute" | "unmute" | "check" | "tag" | "untag" | "delete";
            ids?: components["schemas"]["ID"][];
            /** @description Every website */
            all?: boolean;
            q?: string;
            tag?: components["schemas"]["Tag"];
            status?: components["schemas"]["Status"];
            /**
             * Format: date-time
             * @description Of pause and mute
             */
            until?: string | null;
            /** @description Of tag and untag */
            tags?: components["schemas"]["Tags"];
            /**
             * @description Only count
             * @default false
             */
            dry_run?: boolean;
        };
        BulkResult: {
            matched: number;
            /** @description Those that were not so already */
            changed: number;
            /** @description ids without a website */
            missing: components["schemas"]["ID"][];
        };
        /** @description Websites with all their monitors; an export can be imported as it is. What is left out stays as it is, and has its default in what is new */
        Estate: {
            /**
             * @default 1
             * @enum {integer}
             */
            version?: 1;
            websites: components["schemas"]["EstateWebsite"][];
        };
        EstateWebsite: {
            /** @description By which it is known again; without one, by url, then by name */
            external_id?: string | null;
            name: string;
            url?: string;
            tags?: components["schemas"]["Tags"];
            paused?: boolean;
            muted?: boolean;
            /** @description Those of a website that are not named stay, unless they are pruned; a new one without any gets one of kind http for the url */
            monitors?: components["schemas"]["EstateMonitor"][];
        };
        EstateMonitor: {
            /** @description By which it is known again within the website; without one, by kind and target */
            name?: string;
            kind: string;
            target?: string;
            /** @description As MonitorSettings has it; a secret that is absent or *** stays as it is */
            settings?: {
                [key: string]: unknown;
            };
            interval_seconds?: number;
            timeout_ms?: number;
            regions?: components["schemas"]["RegionNames"];
            policy?: components["schemas"]["PolicyInput"] | null;
            paused?: boolean;
            /** @description Of an export: JSON pointers of the settings that are secret and were left out */
            secrets?: string[];
        };
        ImportPlan: {
            /** @description It was done */
            applied: boolean;
            adds: number;
            changes: number;
            removes: number;
            unchanged: number;
            errors: number;
            /** @description Without what is unchanged */
            items: components["schemas"]["ImportItem"][];
        };
        ImportItem: {
            /** @enum {string} */
            action: "add" | "change" | "remove" | "error";
            id?: components["schemas"]["ID"];
            name: string;
            /** @description Of CSV, from 1; of JSON, the index of the website, from 1; null: not in the source */
            line: number | null;
            changes: components["schemas"]["ImportChange"][];
            errors: components["schemas"]["FieldError"][];
        };
        ImportChange: {
            /** @description Such as name, or monitors/api/interval_seconds */
            field: string;
            /** @description As JSON, secrets as ***; empty: nothing */
            before: string;
            after: string;
        };
        UptimeDays: {
            website_id: components["schemas"]["ID"];
            zone: string;
            items: components["schemas"]["UptimeDay"][];
        };
        UptimeDay: {
            /** Format: date */
            day: string;
            /** Format: double */
            up_seconds: number;
            /** Format: double */
            degraded_seconds: number;
            /** Format: double */
            down_seconds: number;
            /** Format: double */
            unknown_seconds: number;
            /** Format: double */
            unmonitored_seconds: number;
            /** Format: double */
            uptime_percent: number | null;
            /** Format: double */
            coverage_percent: number;
            /** @description That were open on the day */
            incidents: number;
        };
        DowntimeList: {
            website_id: components["schemas"]["ID"];
            /** Format: date-time */
            from: string;
            /** Format: date-time */
            to: string;
            /**
             * Format: double
             * @description Down within the period, the items that limit left out included
             */
            total_seconds: number;
            items: components["schemas"]["Downtime"][];
        };
        Downtime: {
            monitor_id: components["schemas"]["ID"];
            incident_id: components["schemas"]["ID"] | null;
            /** Format: date-time */
            started_at: string;
            /** Format: date-time */
            ended_at: string | null;
            /** Format: double */
            duration_seconds: number;
            reason: components["schemas"]["Reason"];
            /** @description That saw it fail meanwhile */
            regions: string[];
        };
        MonitorStats: {
            monitor_id: components["schemas"]["ID"];
            /** Format: date-time */
            from: string;
            /** Format: date-time */
            to: string;
            now: components["schemas"]["LatencyStats"];
            /** @description Of as long a period just before */
            before: components["schemas"]["LatencyStats"];
            regions: components["schemas"]["RegionStats"][];
        };
        RegionStats: {
            region: string;
            stats: components["schemas"]["LatencyStats"];
        };
        /** @description Times over the passed checks, null when none passed */
        LatencyStats: {
            /** Format: int64 */
            checks: number;
            /** Format: int64 */
            passed: number;
            /** Format: double */
            mean_ms: number | null;
            /** Format: double */
            p50_ms: number | null;
            /** Format: double */
            p75_ms: number | null;
            /** Format: double */
            p90_ms: number | null;
            /** Format: double */
            p95_ms: number | null;
            /** Format: double */
            p99_ms: number | null;
            /** Format: double */
            max_ms: number | null;
        };
        Comment: {
            text: string;
        };
        IncidentUpdate: {
            /** @description What was learned: cause, remedy, what comes next */
            note?: string | null;
        };
        Report: {
            /** Format: date-time */
            from: string;
            /** Format: date-time */
            to: string;
            /** @description Over all websites that the filter matches, not only this page's */
            total: components["schemas"]["ReportRow"];
            items: components["schemas"]["ReportRow"][];
            next_cursor: string | null;
        };
        ReportRow: {
            /** @description null for the total */
            website_id: components["schemas"]["ID"] | null;
            name: string;
            tags: string[];
            /** Format: double */
            uptime_percent: number | null;
            /** Format: double */
            coverage_percent: number;
            /** Format: double */
            down_seconds: number;
            /** @description That were open in the period */
            incidents: number;
            /**
             * Format: double
             * @description Mean time to repair of those resolved in the period
             */
            mttr_seconds: number | null;
            /** Format: double */
            longest_outage_seconds: number | null;
            /**
             * Format: double
             * @description Of the first monitor; null while InfluxDB is away, of nothing, of the total, and where the page is long and the period, too: beyond 100 websites over 31 days, or as many together
             */
            p50_ms: number | null;
            /** Format: double */
            p95_ms: number | null;
            /** Format: double */
            p99_ms: number | null;
            /** Format: double */
            target_percent: number | null;
            /**
             * Format: double
             * @description How long it may be down in the period
             */
            budget_seconds: number | null;
            /**
             * Format: double
             * @description Negative: more was down than promised
             */
            budget_left_seconds: number | null;
        };
        StatusPageWebsite: {
            website_id: components["schemas"]["ID"];
            /** @description As the public knows it; empty: the website's name */
            title?: string;
            section?: string;
        };
        StatusPageCreate: {
            slug: components["schemas"]["Slug"];
            title: string;
            description?: string;
            /** @description http or https, of whoever keeps the page */
            link?: string;
            /** @default true */
            published?: boolean;
            websites?: components["schemas"]["StatusPageWebsite"][];
        };
        StatusPageUpdate: {
            slug?: components["schemas"]["Slug"];
            title?: string;
            description?: string;
            link?: string;
            published?: boolean;
            websites?: components["schemas"]["StatusPageWebsite"][];
        };
        StatusPage: {
            id: components["schemas"]["ID"];
            slug: string;
            title: string;
            description: string;
            link: string;
            published: boolean;
            /** @description In the order of the page */
            websites: components["schemas"]["StatusPageWebsite"][];
            /** @description Where the public reads it */
            url: string;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            updated_at: string;
        };
        StatusPagePage: {
            items: components["schemas"]["StatusPage"][];
            next_cursor: string | null;
        };
        PublicStatusList: {
            items: components["schemas"]["PublicStatusRef"][];
        };
        PublicStatusRef: {
            slug: string;
            title: string;
        };
        PublicStatus: {
            slug: string;
            title: string;
            description: string;
            link: string;
            /** @description The worst of its websites */
            status: components["schemas"]["Status"];
            /**
             * Format: date-time
             * @description When this was true; old while the fleet does not work
             */
            as_of: string;
            websites: components["schemas"]["PublicWebsite"][];
            /** @description Of the last 30 days, newest first, at most 100 */
            incidents: components["schemas"]["PublicIncident"][];
        };
        PublicWebsite: {
            title: string;
            section: string;
            status: components["schemas"]["Status"];
            /** Format: date-time */
            since: string | null;
            /** Format: double */
            uptime_90d_percent: number | null;
            /** Format: double */
            coverage_90d_percent: number;
            /** @description 90, oldest first, in UTC */
            days: components["schemas"]["PublicDay"][];
            regions: components["schemas"]["SummaryVote"][];
        };
        PublicDay: {
            /** Format: date */
            day: string;
            /** Format: double */
            uptime_percent: number | null;
            /** Format: double */
            coverage_percent: number;
            /** Format: double */
            down_seconds: number;
        };
        PublicIncident: {
            /** @description Of the website */
            title: string;
            status: components["schemas"]["IncidentStatus"];
            /** Format: date-time */
            opened_at: string;
            /** Format: date-time */
            resolved_at: string | null;
            /** Format: double */
            duration_seconds: number;
            note: string;
        };
        LegacyWebsiteCreate: {
            url: string;
            name?: string | null;
        };
        LegacyWebsiteUpdate: {
            url?: string;
            name?: string | null;
        };
        LegacyWebsite: {
            id: components["schemas"]["ID"];
            url: string;
            name: string;
            /** Format: date-time */
            created_at: string;
        };
        LegacyRegionCreate: {
            name: string;
        };
        LegacyRegion: {
            /** @description The name again */
            id: string;
            name: string;
        };
        LegacyStatus: {
            id: components["schemas"]["ID"];
            url: string;
            name: string;
            status: components["schemas"]["Status"];
            /** Format: date-time */
            last_checked: string | null;
            /**
             * Format: double
             * @description Of the last checks, the mean over the regions, in milliseconds
             */
            response_time: number | null;
        };
        LegacyPoint: {
            /** Format: date-time */
            time: string;
            /**
             * Format: double
             * @description Milliseconds
             */
            value: number;
        };
        LegacyDowntime: {
            /**
             * Format: date-time
             * @description When it began
             */
            time: string;
            /**
             * Format: date-time
             * @description When it ended; null: not yet
             */
            end: string | null;
            /** Format: double */
            duration_seconds: number;
            region: string | null;
            reason: components["schemas"]["Reason"];
        };
        LegacyLastDowntime: {
            /**
             * Format: date-time
             * @description When it began
             */
            time: string;
            /**
             * Format: date-time
             * @description When it ended; null: not yet
             */
            end: string | null;
            /** Format: double */
            duration_seconds: number;
            region: string | null;
            reason: components["schemas"]["Reason"];
        } | null;
        /** @description Those of the kind. Left out, a setting has its default; answers leave out what is at its default. Secrets are shown as ***. */
        MonitorSettings: components["schemas"]["Settingshttp"] | components["schemas"]["Settingstcp"] | components["schemas"]["Settingsudp"] | components["schemas"]["Settingsdns"] | components["schemas"]["Settingstls"] | components["schemas"]["Settingsicmp"] | components["schemas"]["Settingsgrpc"] | components["schemas"]["Settingswebsocket"] | components["schemas"]["Settingssmtp"] | components["schemas"]["Settingsdomain"] | components["schemas"]["Settingsheartbeat"];
        /** Settings of a http check */
        Settingshttp: {
            /** @description What must hold of the answer, besides what the kind asks for by itself */
            assertions?: (components["schemas"]["StatusAssertion"] | components["schemas"]["HeaderAssertion"] | components["schemas"]["BodyAssertion"] | components["schemas"]["JSONAssertion"] | components["schemas"]["LatencyAssertion"] | components["schemas"]["CertificateAssertion"])[];
            /** @description Credentials */
            auth?: {
                /** @description Of oauth2, where the issuer wants one */
                audience?: string;
                /**
                 * @description Of oauth2: how the client says who it is; header if unset
                 * @enum {string}
                 */
                client_auth?: "header" | "body";
                /** @description Of oauth2 */
                client_id?: string;
                /** @description Of oauth2 */
                client_secret?: string;
                /** @description Of basic */
                password?: string;
                /** @description Of oauth2 */
                scopes?: string[];
                /** @description Of bearer */
                token?: string;
                /** @description Of oauth2: where tokens are issued */
                token_url?: string;
                /**
                 * @description basic, bearer, or oauth2 for client credentials
                 * @enum {string}
                 */
                type: "basic" | "bearer" | "oauth2";
                /** @description Of basic */
                username?: string;
            };
            /** @description Body of the request */
            body?: {
                /** @description Content-Type, instead of the type's own */
                content_type?: string;
                /** @description Fields of a form */
                fields?: {
                    /** @description Name */
                    name: string;
                    /** @description Never shown again; always so for names that speak of credentials */
                    secret?: boolean;
                    /** @description Value; secret if so marked */
                    value?: string;
                }[];
                /** @description The text is never shown again */
                secret?: boolean;
                /** @description The body itself; of json, a JSON text */
                text?: string;
                /**
                 * @description raw text, json, or form fields
                 * @enum {string}
                 */
                type: "raw" | "json" | "form";
            };
            /**
             * @description Codes, ranges and classes that are good: 204, 200-299, 2xx
             * @default [
             *       "200-399"
             *     ]
             */
            expected_status?: (string | number)[];
            /** @description Headers of the request, Host included */
            headers?: {
                /** @description Name */
                name: string;
                /** @description Never shown again; always so for names that speak of credentials */
                secret?: boolean;
                /** @description Value; secret if so marked */
                value?: string;
            }[];
            /**
             * @description Version of HTTP; auto takes 2 or 1.1 as the server does
             * @default auto
             * @enum {string}
             */
            http_version?: "auto" | "1.1" | "2" | "3";
            /**
             * @description Version of IP
             * @default auto
             * @enum {string}
             */
            ip_version?: "auto" | "4" | "6";
            /**
             * @description Method of the request
             * @default GET
             */
            method?: string;
            /** @description What to do with redirects */
            redirects?: {
                /** @description URL that the last answer must come from or, when not following, that the redirect must name */
                expect?: string;
                /**
                 * @description Go where they lead
                 * @default true
                 */
                follow?: boolean;
                /**
                 * @description How many to follow; one more is a failure
                 * @default 5
                 */
                limit?: number;
            };
            /** @description How to take part in TLS; with certificate and key it is mutual */
            tls?: {
                /** @description PEM of the authorities to trust, instead of the system's */
                ca?: string;
                /** @description PEM of the client certificate and its chain */
                certificate?: string;
                /** @description PEM of the client certificate's key */
                key?: string;
                /**
                 * @description Oldest version of TLS to accept
                 * @default 1.2
                 * @enum {string}
                 */
                min_version?: "1.0" | "1.1" | "1.2" | "1.3";
                /** @description Name to ask for and to verify, instead of the target's */
                server_name?: string;
                /** @description Accept any certificate; shown wherever the monitor is */
                skip_verify?: boolean;
            };
            /** @description A failure is good and an answer is bad, as for a port that must stay closed */
            upside_down?: boolean;
        };
        /** Settings of a tcp check */
        Settingstcp: {
            /** @description What must hold of the answer, besides what the kind asks for by itself */
            assertions?: (components["schemas"]["LatencyAssertion"] | components["schemas"]["CertificateAssertion"] | components["schemas"]["PayloadAssertion"])[];
            /**
             * @description Version of IP
             * @default auto
             * @enum {string}
             */
            ip_version?: "auto" | "4" | "6";
            /**
             * @description tls begins with a handshake
             * @default none
             * @enum {string}
             */
            security?: "none" | "tls";
            /** @description The dialogue, one step after the other */
            steps?: {
                /**
                 * @description How send is written; with hex, expect sees lower-case hex digits
                 * @default text
                 * @enum {string}
                 */
                encoding?: "text" | "hex" | "base64";
                /** @description RE2 expression that what comes back must match */
                expect?: string;
                /** @description What is sent is never shown again */
                secret?: boolean;
                /** @description Bytes to send; ${name} and ${1} stand for what earlier expressions captured, $${ for ${ itself */
                send?: string;
                /** @description Begin TLS on the connection */
                starttls?: boolean;
            }[];
            /** @description How to take part in TLS, from the start or after a starttls step */
            tls?: {
                /** @description PEM of the authorities to trust, instead of the system's */
                ca?: string;
                /** @description PEM of the client certificate and its chain */
                certificate?: string;
                /** @description PEM of the client certificate's key */
                key?: string;
                /**
                 * @description Oldest version of TLS to accept
                 * @default 1.2
                 * @enum {string}
                 */
                min_version?: "1.0" | "1.1" | "1.2" | "1.3";
                /** @description Name to ask for and to verify, instead of the target's */
                server_name?: string;
                /** @description Accept any certificate; shown wherever the monitor is */
                skip_verify?: boolean;
            };
            /** @description A failure is good and an answer is bad, as for a port that must stay closed */
            upside_down?: boolean;
        };
        /** Settings of a udp check */
        Settingsudp: {
            /** @description What must hold of the answer, besides what the kind asks for by itself */
            assertions?: (components["schemas"]["LatencyAssertion"] | components["schemas"]["PayloadAssertion"])[];
            /**
             * @description How send is written; with hex, expect sees lower-case hex digits
             * @default text
             * @enum {string}
             */
            encoding?: "text" | "hex" | "base64";
            /** @description RE2 expression that an answer must match; any answer will do without one */
            expect?: string;
            /**
             * @description Version of IP
             * @default auto
             * @enum {string}
             */
            ip_version?: "auto" | "4" | "6";
            /** @description What is sent is never shown again */
            secret?: boolean;
            /** @description The datagram */
            send: string;
            /**
             * @description How often the datagram is sent within the timeout while nothing comes back
             * @default 2
             */
            tries?: number;
            /** @description A failure is good and an answer is bad, as for a port that must stay closed */
            upside_down?: boolean;
        };
        /** Settings of a dns check */
        Settingsdns: {
            /** @description What must hold of the answer, besides what the kind asks for by itself */
            assertions?: (components["schemas"]["LatencyAssertion"] | components["schemas"]["DNSAssertion"])[];
            /** @description The name server must have authenticated the answer (the AD flag) */
            dnssec?: boolean;
            /** @description Values to find among the answers */
            expect?: {
                /**
                 * @description any: one of the values is among the answers; all: every one is; exact: and nothing else
                 * @default any
                 * @enum {string}
                 */
                match?: "any" | "all" | "exact";
                /** @description Values as the answers are written: names in lower case without the final dot, 10 mail.example.org for MX */
                values: string[];
            };
            /**
             * @description Version of IP towards the name server
             * @default auto
             * @enum {string}
             */
            ip_version?: "auto" | "4" | "6";
            /** @description host or host:port to ask; the worker's own name servers if unset */
            nameserver?: string;
            /**
             * @description udp goes on over tcp when an answer is cut; tls is DNS over TLS
             * @default udp
             * @enum {string}
             */
            protocol?: "udp" | "tcp" | "tls";
            /**
             * @description Response code that is good
             * @default NOERROR
             * @enum {string}
             */
            rcode?: "NOERROR" | "NXDOMAIN" | "SERVFAIL" | "REFUSED" | "NOTIMP" | "FORMERR";
            /**
             * @description Type of the records
             * @default A
             * @enum {string}
             */
            record?: "A" | "AAAA" | "CNAME" | "MX" | "NS" | "TXT" | "SOA" | "CAA" | "SRV" | "PTR";
            /**
             * @description Ask for recursion; false for authoritative servers that refuse it
             * @default true
             */
            recursion?: boolean;
            /** @description How to take part in TLS, with protocol tls */
            tls?: {
                /** @description PEM of the authorities to trust, instead of the system's */
                ca?: string;
                /** @description PEM of the client certificate and its chain */
                certificate?: string;
                /** @description PEM of the client certificate's key */
                key?: string;
                /**
                 * @description Oldest version of TLS to accept
                 * @default 1.2
                 * @enum {string}
                 */
                min_version?: "1.0" | "1.1" | "1.2" | "1.3";
                /** @description Name to ask for and to verify, instead of the target's */
                server_name?: string;
                /** @description Accept any certificate; shown wherever the monitor is */
                skip_verify?: boolean;
            };
            /** @description A failure is good and an answer is bad, as for a port that must stay closed */
            upside_down?: boolean;
        };
        /** Settings of a tls check */
        Settingstls: {
            /** @description What must hold of the answer, besides what the kind asks for by itself */
            assertions?: (components["schemas"]["LatencyAssertion"] | components["schemas"]["CertificateAssertion"])[];
            /**
             * @description Version of IP
             * @default auto
             * @enum {string}
             */
            ip_version?: "auto" | "4" | "6";
            /** @description base64 of the SHA-256 of public keys (SPKI), one of which must be in the chain */
            pins?: string[];
            /** @description How to take part in TLS */
            tls?: {
                /** @description PEM of the authorities to trust, instead of the system's */
                ca?: string;
                /** @description PEM of the client certificate and its chain */
                certificate?: string;
                /** @description PEM of the client certificate's key */
                key?: string;
                /**
                 * @description Oldest version of TLS to accept
                 * @default 1.2
                 * @enum {string}
                 */
                min_version?: "1.0" | "1.1" | "1.2" | "1.3";
                /** @description Name to ask for and to verify, instead of the target's */
                server_name?: string;
                /** @description Accept any certificate; shown wherever the monitor is */
                skip_verify?: boolean;
            };
            /** @description A failure is good and an answer is bad, as for a port that must stay closed */
            upside_down?: boolean;
        };
        /** Settings of a icmp check */
        Settingsicmp: {
            /** @description What must hold of the answer, besides what the kind asks for by itself */
            assertions?: (components["schemas"]["RTTAssertion"] | components["schemas"]["LossAssertion"])[];
            /**
             * @description How many echo requests to send
             * @default 3
             */
            count?: number;
            /**
             * @description Milliseconds between them
             * @default 200
             */
            interval_ms?: number;
            /**
             * @description Version of IP
             * @default auto
             * @enum {string}
             */
            ip_version?: "auto" | "4" | "6";
            /**
             * @description Bytes of payload
             * @default 56
             */
            size?: number;
            /** @description A failure is good and an answer is bad, as for a port that must stay closed */
            upside_down?: boolean;
        };
        /** Settings of a grpc check */
        Settingsgrpc: {
            /** @description What must hold of the answer, besides what the kind asks for by itself */
            assertions?: (components["schemas"]["StatusAssertion"] | components["schemas"]["LatencyAssertion"] | components["schemas"]["CertificateAssertion"])[];
            /** @description The :authority of the call, instead of the target */
            authority?: string;
            /**
             * @description Version of IP
             * @default auto
             * @enum {string}
             */
            ip_version?: "auto" | "4" | "6";
            /** @description Metadata of the call */
            metadata?: {
                /** @description Name */
                name: string;
                /** @description Never shown again; always so for names that speak of credentials */
                secret?: boolean;
                /** @description Value; secret if so marked */
                value?: string;
            }[];
            /**
             * @description none is plaintext
             * @default tls
             * @enum {string}
             */
            security?: "tls" | "none";
            /** @description Service to ask about; the whole server if unset */
            service?: string;
            /** @description How to take part in TLS */
            tls?: {
                /** @description PEM of the authorities to trust, instead of the system's */
                ca?: string;
                /** @description PEM of the client certificate and its chain */
                certificate?: string;
                /** @description PEM of the client certificate's key */
                key?: string;
                /**
                 * @description Oldest version of TLS to accept
                 * @default 1.2
                 * @enum {string}
                 */
                min_version?: "1.0" | "1.1" | "1.2" | "1.3";
                /** @description Name to ask for and to verify, instead of the target's */
                server_name?: string;
                /** @description Accept any certificate; shown wherever the monitor is */
                skip_verify?: boolean;
            };
            /** @description A failure is good and an answer is bad, as for a port that must stay closed */
            upside_down?: boolean;
        };
        /** Settings of a websocket check */
        Settingswebsocket: {
            /** @description What must hold of the answer, besides what the kind asks for by itself */
            assertions?: (components["schemas"]["StatusAssertion"] | components["schemas"]["HeaderAssertion"] | components["schemas"]["JSONAssertion"] | components["schemas"]["LatencyAssertion"] | components["schemas"]["CertificateAssertion"] | components["schemas"]["PayloadAssertion"])[];
            /**
             * @description hex and base64 send a binary message; with hex, expect sees lower-case hex digits
             * @default text
             * @enum {string}
             */
            encoding?: "text" | "hex" | "base64";
            /** @description RE2 expression that what comes back, messages one after the other, must match */
            expect?: string;
            /** @description Headers of the opening request, Origin included */
            headers?: {
                /** @description Name */
                name: string;
                /** @description Never shown again; always so for names that speak of credentials */
                secret?: boolean;
                /** @description Value; secret if so marked */
                value?: string;
            }[];
            /**
             * @description Version of IP
             * @default auto
             * @enum {string}
             */
            ip_version?: "auto" | "4" | "6";
            /** @description What is sent is never shown again */
            secret?: boolean;
            /** @description Message to send */
            send?: string;
            /** @description Subprotocols to offer; the server must take one */
            subprotocols?: string[];
            /** @description How to take part in TLS */
            tls?: {
                /** @description PEM of the authorities to trust, instead of the system's */
                ca?: string;
                /** @description PEM of the client certificate and its chain */
                certificate?: string;
                /** @description PEM of the client certificate's key */
                key?: string;
                /**
                 * @description Oldest version of TLS to accept
                 * @default 1.2
                 * @enum {string}
                 */
                min_version?: "1.0" | "1.1" | "1.2" | "1.3";
                /** @description Name to ask for and to verify, instead of the target's */
                server_name?: string;
                /** @description Accept any certificate; shown wherever the monitor is */
                skip_verify?: boolean;
            };
            /** @description A failure is good and an answer is bad, as for a port that must stay closed */
            upside_down?: boolean;
        };
        /** Settings of a smtp check */
        Settingssmtp: {
            /** @description What must hold of the answer, besides what the kind asks for by itself */
            assertions?: (components["schemas"]["StatusAssertion"] | components["schemas"]["LatencyAssertion"] | components["schemas"]["CertificateAssertion"] | components["schemas"]["PayloadAssertion"])[];
            /** @description Log in, too */
            auth?: {
                /**
                 * @description auto takes what the server offers, plain first
                 * @default auto
                 * @enum {string}
                 */
                mechanism?: "auto" | "plain" | "login";
                /** @description Password; never sent without TLS */
                password: string;
                /** @description User */
                username: string;
            };
            /**
             * @description Name to greet with
             * @default localhost
             */
            helo?: string;
            /**
             * @description Version of IP
             * @default auto
             * @enum {string}
             */
            ip_version?: "auto" | "4" | "6";
            /**
             * @description starttls must be offered and work; tls begins with a handshake
             * @default starttls
             * @enum {string}
             */
            security?: "starttls" | "tls" | "none";
            /** @description How to take part in TLS */
            tls?: {
                /** @description PEM of the authorities to trust, instead of the system's */
                ca?: string;
                /** @description PEM of the client certificate and its chain */
                certificate?: string;
                /** @description PEM of the client certificate's key */
                key?: string;
                /**
                 * @description Oldest version of TLS to accept
                 * @default 1.2
                 * @enum {string}
                 */
                min_version?: "1.0" | "1.1" | "1.2" | "1.3";
                /** @description Name to ask for and to verify, instead of the target's */
                server_name?: string;
                /** @description Accept any certificate; shown wherever the monitor is */
                skip_verify?: boolean;
            };
            /** @description A failure is good and an answer is bad, as for a port that must stay closed */
            upside_down?: boolean;
        };
        /** Settings of a domain check */
        Settingsdomain: {
            /** @description With fewer days left the monitor is degraded; 0: only an expired one counts */
            min_days?: number;
        };
        /** Settings of a heartbeat check */
        Settingsheartbeat: {
            /**
             * @description How much later than its interval a call may be
             * @default 60
             */
            grace_seconds?: number;
            /** @description How long after a start the finish may come; 0: any time */
            max_run_seconds?: number;
        };
        /** @description One thing that must hold of what a probe saw. */
        Assertion: components["schemas"]["StatusAssertion"] | components["schemas"]["HeaderAssertion"] | components["schemas"]["BodyAssertion"] | components["schemas"]["JSONAssertion"] | components["schemas"]["LatencyAssertion"] | components["schemas"]["CertificateAssertion"] | components["schemas"]["DNSAssertion"] | components["schemas"]["PayloadAssertion"] | components["schemas"]["RTTAssertion"] | components["schemas"]["LossAssertion"];
        Assertions: components["schemas"]["Assertion"][];
        /** @description The decoded body. */
        BodyAssertion: {
            /** @enum {string} */
            comparison: "equals" | "not_equals";
            /**
             * @description What a failure makes of the check.
             * @default down
             * @enum {string}
             */
            severity?: "down" | "degraded";
            /** @enum {string} */
            source: "body";
            target: string;
        } | {
            /** @enum {string} */
            comparison: "contains" | "not_contains";
            /**
             * @description What a failure makes of the check.
             * @default down
             * @enum {string}
             */
            severity?: "down" | "degraded";
            /** @enum {string} */
            source: "body";
            target: string;
        } | {
            /** @enum {string} */
            comparison: "matches" | "not_matches";
            /**
             * @description What a failure makes of the check.
             * @default down
             * @enum {string}
             */
            severity?: "down" | "degraded";
            /** @enum {string} */
            source: "body";
            /** @description An RE2 regular expression. */
            target: string;
        } | {
            /** @enum {string} */
            comparison: "less_than" | "greater_than";
            /**
             * @description What a failure makes of the check.
             * @default down
             * @enum {string}
             */
            severity?: "down" | "degraded";
            /** @enum {string} */
            source: "body";
            target: number;
        } | {
            /** @enum {string} */
            comparison: "exists" | "empty";
            /**
             * @description What a failure makes of the check.
             * @default down
             * @enum {string}
             */
            severity?: "down" | "degraded";
            /** @enum {string} */
            source: "body";
        };
        /** @description Days until the peer's certificate expires. */
        CertificateAssertion: {
            /** @enum {string} */
            comparison: "less_than" | "greater_than";
            /**
             * @description What a failure makes of the check.
             * @default down
             * @enum {string}
             */
            severity?: "down" | "degraded";
            /** @enum {string} */
            source: "certificate";
            target: number;
        };
        /** @description The answers of a DNS check. */
        DNSAssertion: {
            /** @enum {string} */
            comparison: "equals" | "not_equals";
            /**
             * @description What a failure makes of the check.
             * @default down
             * @enum {string}
             */
            severity?: "down" | "degraded";
            /** @enum {string} */
            source: "dns";
            target: string;
        } | {
            /** @enum {string} */
            comparison: "contains" | "not_contains";
            /**
             * @description What a failure makes of the check.
             * @default down
             * @enum {string}
             */
            severity?: "down" | "degraded";
            /** @enum {string} */
            source: "dns";
            target: string;
        } | {
            /** @enum {string} */
            comparison: "matches" | "not_matches";
            /**
             * @description What a failure makes of the check.
             * @default down
             * @enum {string}
             */
            severity?: "down" | "degraded";
            /** @enum {string} */
            source: "dns";
            /** @description An RE2 regular expression. */
            target: string;
        } | {
            /** @enum {string} */
            comparison: "exists" | "empty";
            /**
             * @description What a failure makes of the check.
             * @default down
             * @enum {string}
             */
            severity?: "down" | "degraded";
            /** @enum {string} */
            source: "dns";
        };
        /** @description A response header; property is its name. */
        HeaderAssertion: {
            /** @enum {string} */
            comparison: "equals" | "not_equals";
            property: string;
            /**
             * @description What a failure makes of the check.
             * @default down
             * @enum {string}
             */
            severity?: "down" | "degraded";
            /** @enum {string} */
            source: "header";
            target: string;
        } | {
            /** @enum {string} */
            comparison: "contains" | "not_contains";
            property: string;
            /**
             * @description What a failure makes of the check.
             * @default down
             * @enum {string}
             */
            severity?: "down" | "degraded";
            /** @enum {string} */
            source: "header";
            target: string;
        } | {
            /** @enum {string} */
            comparison: "matches" | "not_matches";
            property: string;
            /**
             * @description What a failure makes of the check.
             * @default down
             * @enum {string}
             */
            severity?: "down" | "degraded";
            /** @enum {string} */
            source: "header";
            /** @description An RE2 regular expression. */
            target: string;
        } | {
            /** @enum {string} */
            comparison: "less_than" | "greater_than";
            property: string;
            /**
             * @description What a failure makes of the check.
             * @default down
             * @enum {string}
             */
            severity?: "down" | "degraded";
            /** @enum {string} */
            source: "header";
            target: number;
        } | {
            /** @enum {string} */
            comparison: "exists" | "empty";
            property: string;
            /**
             * @description What a failure makes of the check.
             * @default down
             * @enum {string}
             */
            severity?: "down" | "degraded";
            /** @enum {string} */
            source: "header";
        };
        /** @description The body or payload as JSON; property is a JSONPath (RFC 9535). */
        JSONAssertion: {
            /** @enum {string} */
            comparison: "equals" | "not_equals";
            property: string;
            /**
             * @description What a failure makes of the check.
             * @default down
             * @enum {string}
             */
            severity?: "down" | "degraded";
            /** @enum {string} */
            source: "json";
            /** @description A string, a number, a boolean or null; a string also equals a number, a boolean or a null that it spells. */
            target: string | number | boolean | null;
        } | {
            /** @enum {string} */
            comparison: "contains" | "not_contains";
            property: string;
            /**
             * @description What a failure makes of the check.
             * @default down
             * @enum {string}
             */
            severity?: "down" | "degraded";
            /** @enum {string} */
            source: "json";
            target: string | number | boolean | null;
        } | {
            /** @enum {string} */
            comparison: "matches" | "not_matches";
            property: string;
            /**
             * @description What a failure makes of the check.
             * @default down
             * @enum {string}
             */
            severity?: "down" | "degraded";
            /** @enum {string} */
            source: "json";
            /** @description An RE2 regular expression. */
            target: string;
        } | {
            /** @enum {string} */
            comparison: "less_than" | "greater_than";
            property: string;
            /**
             * @description What a failure makes of the check.
             * @default down
             * @enum {string}
             */
            severity?: "down" | "degraded";
            /** @enum {string} */
            source: "json";
            target: number;
        } | {
            /** @enum {string} */
            comparison: "exists" | "empty";
            property: string;
            /**
             * @description What a failure makes of the check.
             * @default down
             * @enum {string}
             */
            severity?: "down" | "degraded";
            /** @enum {string} */
            source: "json";
        };
        /** @description The duration of a phase in milliseconds; property is total if left out. */
        LatencyAssertion: {
            /** @enum {string} */
            comparison: "less_than" | "greater_than";
            /**
             * @default total
             * @enum {string}
             */
            property?: "total" | "dns" | "connect" | "tls" | "ttfb" | "transfer";
            /**
             * @description What a failure makes of the check.
             * @default down
             * @enum {string}
             */
            severity?: "down" | "degraded";
            /** @enum {string} */
            source: "latency";
            target: number;
        };
        /** @description Lost packets in percent. */
        LossAssertion: {
            /** @enum {string} */
            comparison: "equals" | "not_equals" | "less_than" | "greater_than";
            /**
             * @description What a failure makes of the check.
             * @default down
             * @enum {string}
             */
            severity?: "down" | "degraded";
            /** @enum {string} */
            source: "loss";
            target: number;
        };
        /** @description What came back over TCP, UDP, WebSocket or SMTP. */
        PayloadAssertion: {
            /** @enum {string} */
            comparison: "equals" | "not_equals";
            /**
             * @description What a failure makes of the check.
             * @default down
             * @enum {string}
             */
            severity?: "down" | "degraded";
            /** @enum {string} */
            source: "payload";
            target: string;
        } | {
            /** @enum {string} */
            comparison: "contains" | "not_contains";
            /**
             * @description What a failure makes of the check.
             * @default down
             * @enum {string}
             */
            severity?: "down" | "degraded";
            /** @enum {string} */
            source: "payload";
            target: string;
        } | {
            /** @enum {string} */
            comparison: "matches" | "not_matches";
            /**
             * @description What a failure makes of the check.
             * @default down
             * @enum {string}
             */
            severity?: "down" | "degraded";
            /** @enum {string} */
            source: "payload";
            /** @description An RE2 regular expression. */
            target: string;
        } | {
            /** @enum {string} */
            comparison: "less_than" | "greater_than";
            /**
             * @description What a failure makes of the check.
             * @default down
             * @enum {string}
             */
            severity?: "down" | "degraded";
            /** @enum {string} */
            source: "payload";
            target: number;
        } | {
            /** @enum {string} */
            comparison: "exists" | "empty";
            /**
             * @description What a failure makes of the check.
             * @default down
             * @enum {string}
             */
            severity?: "down" | "degraded";
            /** @enum {string} */
            source: "payload";
        };
        /** @description The mean round trip in milliseconds. */
        RTTAssertion: {
            /** @enum {string} */
            comparison: "less_than" | "greater_than";
            /**
             * @description What a failure makes of the check.
             * @default down
             * @enum {string}
             */
            severity?: "down" | "degraded";
            /** @enum {string} */
            source: "rtt";
            target: number;
        };
        /** @description The protocol's status code. */
        StatusAssertion: {
            /** @enum {string} */
            comparison: "equals" | "not_equals" | "less_than" | "greater_than";
            /**
             * @description What a failure makes of the check.
             * @default down
             * @enum {string}
             */
            severity?: "down" | "degraded";
            /** @enum {string} */
            source: "status";
            target: number;
        } | {
            /** @enum {string} */
            comparison: "matches" | "not_matches";
            /**
             * @description What a failure makes of the check.
             * @default down
             * @enum {string}
             */
            severity?: "down" | "degraded";
            /** @enum {string} */
            source: "status";
            /** @description An RE2 regular expression. */
            target: string;
        };
    };
    responses: {
        /** @description 400 malformed JSON, 401 no valid key, 403 the key's scope does not suffice, 413 the body is larger than 1 MiB, 422 an unknown query parameter, 429 too many calls, 500 and 503 the fault is on this side */
        Failed: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The ping is recorded */
        Recorded: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /** @example ok */
                "text/plain": string;
            };
        };
        /** @description It looks as it did */
        NotModified: {
            headers: {
                [name: string]: unknown;
            };
            content?: never;
        };
        /** @description It was changed since the version that If-Match names; the header ETag has the present one */
        PreconditionFailed: {
            headers: {
                ETag: components["headers"]["ETag"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description There is no such object */
        NotFound: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description It contradicts what is there */
        Conflict: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Fields or parameters are wrong; errors names them */
        Invalid: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Too many of these at once; try again after Retry-After seconds */
        Busy: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description A part of the fleet that this needs is away */
        Unavailable: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The notifier has not answered in time; the delivery is still pending */
        NoAnswer: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
    };
    parameters: {
        PathID: components["schemas"]["ID"];
        PathName: string;
        /** @description next_cursor of the page before */
        Cursor: string;
        /** @description Length of the page */
        Limit: number;
        /** @description Beginning of the period */
        From: string;
        /** @description End of the period, the present if absent */
        To: string;
        /** @description Only this region; heartbeat is that of the calls of heartbeats */
        InRegion: string;
        /** @description A text that stands for this call alone, such as a UUID: sent again with the same key, it does nothing twice and gets the first answer, for 24 hours */
        IdempotencyKey: string;
        /** @description Do it only if nobody has changed the object since its ETag was this one; the part up to the dot suffices */
        IfMatch: string;
        /** @description Answer 304 without a body if the object still looks as it did with this ETag */
        IfNoneMatch: string;
        Token: string;
        /** @description ok, the default, says that a run has finished well, fail that it has not, start that one begins */
        PingStatus: "ok" | "fail" | "start";
        /** @description What the job has to say; the first 256 bytes are kept */
        PingMessage: string;
        /** @description How long the run took; if absent, the time since its start */
        PingDuration: number;
        /** @description Part of the name, the URL or the external id, in any case */
        Search: string;
        /** @description Only with this tag; several, comma separated, must all be there */
        TagFilter: string;
        /** @description Only with a monitor of this kind */
        KindFilter: components["schemas"]["MonitorKind"];
        /** @description Only in one of these states, comma separated */
        StatusFilter: string;
        /** @description By when it was made, the default, or by name or status, the worst first; - turns it round */
        WebsiteSort: "created" | "-created" | "name" | "-name" | "status" | "-status";
        /** @description Time zone whose midnights part the days, such as Europe/Berlin */
        Zone: string;
        /** @description How far back, any number of days up to the retention */
        Days: number;
    };
    requestBodies: {
        Until: {
            content: {
                "application/json": components["schemas"]["UntilInput"];
            };
        };
    };
    headers: {
        /** @description The version of what people have set, up to the dot, and behind it a digest of the whole answer */
        ETag: string;
    };
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    listWebsites: {
        parameters: {
            query?: {
                /** @description next_cursor of the page before */
                cursor?: components["parameters"]["Cursor"];
                /** @description Length of the page */
                limit?: components["parameters"]["Limit"];
                /** @description Part of the name, the URL or the external id, in any case */
                q?: components["parameters"]["Search"];
                /** @description Only with this tag; several, comma separated, must all be there */
                tag?: components["parameters"]["TagFilter"];
                /** @description Only with a monitor of this kind */
                kind?: components["parameters"]["KindFilter"];
                /** @description Only in one of these states, comma separated */
                status?: components["parameters"]["StatusFilter"];
                /** @description By when it was made, the default, or by name or status, the worst first; - turns it round */
                sort?: components["parameters"]["WebsiteSort"];
                /** @description Only those that this source keeps */
                managed_by?: string;
                external_id?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebsitePage"];
                };
            };
            422: components["responses"]["Invalid"];
            default: components["responses"]["Failed"];
        };
    };
    createWebsite: {
        parameters: {
            query?: never;
            header?: {
                /** @description A text that stands for this call alone, such as a UUID: sent again with the same key, it does nothing twice and gets the first answer, for 24 hours */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WebsiteCreate"];
            };
        };
        responses: {
            /** @description The website */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Website"];
                };
            };
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            default: components["responses"]["Failed"];
        };
    };
    getWebsite: {
        parameters: {
            query?: never;
            header?: {
                /** @description Answer 304 without a body if the object still looks as it did with this ETag */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
            };
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The website */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Website"];
                };
            };
            304: components["responses"]["NotModified"];
            404: components["responses"]["NotFound"];
            default: components["responses"]["Failed"];
        };
    };
    deleteWebsite: {
        parameters: {
            query?: never;
            header?: {
                /** @description Do it only if nobody has changed the object since its ETag was this one; the part up to the dot suffices */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Removed */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: components["responses"]["NotFound"];
            412: components["responses"]["PreconditionFailed"];
            default: components["responses"]["Failed"];
        };
    };
    updateWebsite: {
        parameters: {
            query?: never;
            header?: {
                /** @description Do it only if nobody has changed the object since its ETag was this one; the part up to the dot suffices */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WebsiteUpdate"];
            };
        };
        responses: {
            /** @description The website */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Website"];
                };
            };
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            422: components["responses"]["Invalid"];
            default: components["responses"]["Failed"];
        };
    };
    pauseWebsite: {
        parameters: {
            query?: never;
            header?: {
                /** @description A text that stands for this call alone, such as a UUID: sent again with the same key, it does nothing twice and gets the first answer, for 24 hours */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        requestBody?: components["requestBodies"]["Until"];
        responses: {
            /** @description The website */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Website"];
                };
            };
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            default: components["responses"]["Failed"];
        };
    };
    resumeWebsite: {
        parameters: {
            query?: never;
            header?: {
                /** @description A text that stands for this call alone, such as a UUID: sent again with the same key, it does nothing twice and gets the first answer, for 24 hours */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The website */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Website"];
                };
            };
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            default: components["responses"]["Failed"];
        };
    };
    muteWebsite: {
        parameters: {
            query?: never;
            header?: {
                /** @description A text that stands for this call alone, such as a UUID: sent again with the same key, it does nothing twice and gets the first answer, for 24 hours */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        requestBody?: components["requestBodies"]["Until"];
        responses: {
            /** @description The website */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Website"];
                };
            };
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            default: components["responses"]["Failed"];
        };
    };
    unmuteWebsite: {
        parameters: {
            query?: never;
            header?: {
                /** @description A text that stands for this call alone, such as a UUID: sent again with the same key, it does nothing twice and gets the first answer, for 24 hours */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The website */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Website"];
                };
            };
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            default: components["responses"]["Failed"];
        };
    };
    checkWebsite: {
        parameters: {
            query?: never;
            header?: {
                /** @description A text that stands for this call alone, such as a UUID: sent again with the same key, it does nothing twice and gets the first answer, for 24 hours */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What the regions saw */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CheckReport"];
                };
            };
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["Busy"];
            503: components["responses"]["Unavailable"];
            default: components["responses"]["Failed"];
        };
    };
    listWebsiteMonitors: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All of them */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MonitorPage"];
                };
            };
            404: components["responses"]["NotFound"];
            default: components["responses"]["Failed"];
        };
    };
    createMonitor: {
        parameters: {
            query?: never;
            header?: {
                /** @description A text that stands for this call alone, such as a UUID: sent again with the same key, it does nothing twice and gets the first answer, for 24 hours */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MonitorCreate"];
            };
        };
        responses: {
            /** @description The monitor */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Monitor"];
                };
            };
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            default: components["responses"]["Failed"];
        };
    };
    getWebsiteUptime: {
        parameters: {
            query?: {
                /** @description Beginning of the period */
                from?: components["parameters"]["From"];
                /** @description End of the period, the present if absent */
                to?: components["parameters"]["To"];
            };
            header?: never;
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Seconds by verdict; without from, of the last 30 days */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Uptime"];
                };
            };
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            default: components["responses"]["Failed"];
        };
    };
    getMonitor: {
        parameters: {
            query?: never;
            header?: {
                /** @description Answer 304 without a body if the object still looks as it did with this ETag */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
            };
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The monitor */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Monitor"];
                };
            };
            304: components["responses"]["NotModified"];
            404: components["responses"]["NotFound"];
            default: components["responses"]["Failed"];
        };
    };
    deleteMonitor: {
        parameters: {
            query?: never;
            header?: {
                /** @description Do it only if nobody has changed the object since its ETag was this one; the part up to the dot suffices */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Removed */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: components["responses"]["NotFound"];
            412: components["responses"]["PreconditionFailed"];
            default: components["responses"]["Failed"];
        };
    };
    updateMonitor: {
        parameters: {
            query?: never;
            header?: {
                /** @description Do it only if nobody has changed the object since its ETag was this one; the part up to the dot suffices */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MonitorUpdate"];
            };
        };
        responses: {
            /** @description The monitor */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Monitor"];
                };
            };
            404: components["responses"]["NotFound"];
            412: components["responses"]["PreconditionFailed"];
            422: components["responses"]["Invalid"];
            default: components["responses"]["Failed"];
        };
    };
    pauseMonitor: {
        parameters: {
            query?: never;
            header?: {
                /** @description A text that stands for this call alone, such as a UUID: sent again with the same key, it does nothing twice and gets the first answer, for 24 hours */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The monitor */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Monitor"];
                };
            };
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            default: components["responses"]["Failed"];
        };
    };
    resumeMonitor: {
        parameters: {
            query?: never;
            header?: {
                /** @description A text that stands for this call alone, such as a UUID: sent again with the same key, it does nothing twice and gets the first answer, for 24 hours */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The monitor */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Monitor"];
                };
            };
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            default: components["responses"]["Failed"];
        };
    };
    cloneMonitor: {
        parameters: {
            query?: never;
            header?: {
                /** @description A text that stands for this call alone, such as a UUID: sent again with the same key, it does nothing twice and gets the first answer, for 24 hours */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["MonitorClone"];
            };
        };
        responses: {
            /** @description The new monitor */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Monitor"];
                };
            };
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            default: components["responses"]["Failed"];
        };
    };
    checkMonitor: {
        parameters: {
            query?: never;
            header?: {
                /** @description A text that stands for this call alone, such as a UUID: sent again with the same key, it does nothing twice and gets the first answer, for 24 hours */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What the regions saw */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CheckReport"];
                };
            };
            404: components["responses"]["NotFound"];
            /** @description A heartbeat calls in by itself */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            422: components["responses"]["Invalid"];
            429: components["responses"]["Busy"];
            503: components["responses"]["Unavailable"];
            default: components["responses"]["Failed"];
        };
    };
    testMonitor: {
        parameters: {
            query?: never;
            header?: {
                /** @description A text that stands for this call alone, such as a UUID: sent again with the same key, it does nothing twice and gets the first answer, for 24 hours */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MonitorTest"];
            };
        };
        responses: {
            /** @description What the regions saw, by an id that no monitor has */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CheckReport"];
                };
            };
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["Busy"];
            503: components["responses"]["Unavailable"];
            default: components["responses"]["Failed"];
        };
    };
    listMonitorVotes: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One item a region, by its name */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VoteList"];
                };
            };
            404: components["responses"]["NotFound"];
            default: components["responses"]["Failed"];
        };
    };
    getMonitorLatency: {
        parameters: {
            query?: {
                /** @description Beginning of the period */
                from?: components["parameters"]["From"];
                /** @description End of the period, the present if absent */
                to?: components["parameters"]["To"];
                /** @description Only this region; heartbeat is that of the calls of heartbeats */
                region?: components["parameters"]["InRegion"];
                /** @description Width of a bucket as a duration such as 30s, 5m or 1h; auto, the default, fits the span */
                resolution?: string;
            };
            header?: never;
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One series a region; without from, of the last 24 hours */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Latency"];
                };
            };
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            503: components["responses"]["Unavailable"];
            default: components["responses"]["Failed"];
        };
    };
    listMonitorTicks: {
        parameters: {
            query?: {
                /** @description Beginning of the period */
                from?: components["parameters"]["From"];
                /** @description End of the period, the present if absent */
                to?: components["parameters"]["To"];
                /** @description Only this region; heartbeat is that of the calls of heartbeats */
                region?: components["parameters"]["InRegion"];
                /** @description Only passed ones, or only failed ones */
                ok?: boolean;
                /** @description next_cursor of the page before */
                cursor?: components["parameters"]["Cursor"];
                /** @description Length of the page */
                limit?: components["parameters"]["Limit"];
            };
            header?: never;
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page; without from, of the last 24 hours */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TickPage"];
                };
            };
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            503: components["responses"]["Unavailable"];
            default: components["responses"]["Failed"];
        };
    };
    listMonitorFailures: {
        parameters: {
            query?: {
                /** @description Only this region; heartbeat is that of the calls of heartbeats */
                region?: components["parameters"]["InRegion"];
                /** @description Only those that led to this incident */
                incident_id?: components["schemas"]["ID"];
                /** @description next_cursor of the page before */
                cursor?: components["parameters"]["Cursor"];
                /** @description Length of the page */
                limit?: components["parameters"]["Limit"];
            };
            header?: never;
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FailurePage"];
                };
            };
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            default: components["responses"]["Failed"];
        };
    };
    rotateHeartbeat: {
        parameters: {
            query?: never;
            header?: {
                /** @description A text that stands for this call alone, such as a UUID: sent again with the same key, it does nothing twice and gets the first answer, for 24 hours */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The monitor */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Monitor"];
                };
            };
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            default: components["responses"]["Failed"];
        };
    };
    pingByGet: {
        parameters: {
            query?: {
                /** @description ok, the default, says that a run has finished well, fail that it has not, start that one begins */
                status?: components["parameters"]["PingStatus"];
                /** @description What the job has to say; the first 256 bytes are kept */
                msg?: components["parameters"]["PingMessage"];
                /** @description How long the run took; if absent, the time since its start */
                duration_ms?: components["parameters"]["PingDuration"];
            };
            header?: never;
            path: {
                token: components["parameters"]["Token"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Recorded"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["Busy"];
            503: components["responses"]["Unavailable"];
            default: components["responses"]["Failed"];
        };
    };
    pingByPost: {
        parameters: {
            query?: {
                /** @description ok, the default, says that a run has finished well, fail that it has not, start that one begins */
                status?: components["parameters"]["PingStatus"];
                /** @description What the job has to say; the first 256 bytes are kept */
                msg?: components["parameters"]["PingMessage"];
                /** @description How long the run took; if absent, the time since its start */
                duration_ms?: components["parameters"]["PingDuration"];
            };
            header?: never;
            path: {
                token: components["parameters"]["Token"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Recorded"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["Busy"];
            503: components["responses"]["Unavailable"];
            default: components["responses"]["Failed"];
        };
    };
    pingByHead: {
        parameters: {
            query?: {
                /** @description ok, the default, says that a run has finished well, fail that it has not, start that one begins */
                status?: components["parameters"]["PingStatus"];
                /** @description What the job has to say; the first 256 bytes are kept */
                msg?: components["parameters"]["PingMessage"];
                /** @description How long the run took; if absent, the time since its start */
                duration_ms?: components["parameters"]["PingDuration"];
            };
            header?: never;
            path: {
                token: components["parameters"]["Token"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Recorded"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["Busy"];
            503: components["responses"]["Unavailable"];
            default: components["responses"]["Failed"];
        };
    };
    listRegions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All of them */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RegionPage"];
                };
            };
            default: components["responses"]["Failed"];
        };
    };
    createRegion: {
        parameters: {
            query?: never;
            header?: {
                /** @description A text that stands for this call alone, such as a UUID: sent again with the same key, it does nothing twice and gets the first answer, for 24 hours */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RegionCreate"];
            };
        };
        responses: {
            /** @description The region, with the key of its messages, which is shown this once */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RegionCreated"];
                };
            };
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            default: components["responses"]["Failed"];
        };
    };
    getRegion: {
        parameters: {
            query?: never;
            header?: {
                /** @description Answer 304 without a body if the object still looks as it did with this ETag */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
            };
            path: {
                name: components["parameters"]["PathName"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The region */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Region"];
                };
            };
            304: components["responses"]["NotModified"];
            404: components["responses"]["NotFound"];
            default: components["responses"]["Failed"];
        };
    };
    deleteRegion: {
        parameters: {
            query?: never;
            header?: {
                /** @description Do it only if nobody has changed the object since its ETag was this one; the part up to the dot suffices */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                name: components["parameters"]["PathName"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Removed */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            default: components["responses"]["Failed"];
        };
    };
    updateRegion: {
        parameters: {
            query?: never;
            header?: {
                /** @description Do it only if nobody has changed the object since its ETag was this one; the part up to the dot suffices */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                name: components["parameters"]["PathName"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RegionUpdate"];
            };
        };
        responses: {
            /** @description The region */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Region"];
                };
            };
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            422: components["responses"]["Invalid"];
            default: components["responses"]["Failed"];
        };
    };
    getFleet: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Fleet"];
                };
            };
            503: components["responses"]["Unavailable"];
            default: components["responses"]["Failed"];
        };
    };
    streamEvents: {
        parameters: {
            query?: {
                /** @description Only these events, separated by commas; reset comes in any case */
                types?: string;
                /** @description Only what is about these websites, up to 50, separated by commas; ticks are chosen by monitor_id */
                website_id?: string;
                /** @description Ticks of these monitors, up to 50, separated by commas; without it there are none */
                monitor_id?: string;
            };
            header?: {
                /** @description The id that came last */
                "Last-Event-ID"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The stream */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example retry: 2000
                     *     id: 1767225600000-0
                     *
                     *     id: 1767225601234-0
                     *     event: incident
                     *     data: {"change":"opened","incident_id":"019b7782-56f2-8b74-9bce-b302099a8057","monitor_id":"01890a5d-ac96-774b-bcce-b302099a8057","website_id":"01890a5d-ac96-7ab6-8c41-0cf4f7b1b0c3","website_name":"shop","severity":"down","at":"2026-01-01T00:00:01Z","opened_at":"2026-01-01T00:00:01Z","explanation":"3 of 3 regions: connection refused"}
                     */
                    "text/event-stream": string;
                };
            };
            422: components["responses"]["Invalid"];
            429: components["responses"]["Busy"];
            503: components["responses"]["Unavailable"];
            default: components["responses"]["Failed"];
        };
    };
    listIncidents: {
        parameters: {
            query?: {
                status?: components["schemas"]["IncidentStatus"];
                website_id?: components["schemas"]["ID"];
                monitor_id?: components["schemas"]["ID"];
                /** @description Only those that were open at this time or later */
                from?: string;
                /** @description Only those that were opened before this time */
                to?: string;
                /** @description next_cursor of the page before */
                cursor?: components["parameters"]["Cursor"];
                /** @description Length of the page */
                limit?: components["parameters"]["Limit"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IncidentPage"];
                };
            };
            422: components["responses"]["Invalid"];
            default: components["responses"]["Failed"];
        };
    };
    getIncident: {
        parameters: {
            query?: never;
            header?: {
                /** @description Answer 304 without a body if the object still looks as it did with this ETag */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
            };
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The incident */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Incident"];
                };
            };
            304: components["responses"]["NotModified"];
            404: components["responses"]["NotFound"];
            default: components["responses"]["Failed"];
        };
    };
    updateIncident: {
        parameters: {
            query?: never;
            header?: {
                /** @description Do it only if nobody has changed the object since its ETag was this one; the part up to the dot suffices */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["IncidentUpdate"];
            };
        };
        responses: {
            /** @description The incident */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Incident"];
                };
            };
            404: components["responses"]["NotFound"];
            412: components["responses"]["PreconditionFailed"];
            422: components["responses"]["Invalid"];
            default: components["responses"]["Failed"];
        };
    };
    acknowledgeIncident: {
        parameters: {
            query?: never;
            header?: {
                /** @description A text that stands for this call alone, such as a UUID: sent again with the same key, it does nothing twice and gets the first answer, for 24 hours */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The incident */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Incident"];
                };
            };
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            default: components["responses"]["Failed"];
        };
    };
    listChannels: {
        parameters: {
            query?: {
                /** @description next_cursor of the page before */
                cursor?: components["parameters"]["Cursor"];
                /** @description Length of the page */
                limit?: components["parameters"]["Limit"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChannelPage"];
                };
            };
            422: components["responses"]["Invalid"];
            default: components["responses"]["Failed"];
        };
    };
    createChannel: {
        parameters: {
            query?: never;
            header?: {
                /** @description A text that stands for this call alone, such as a UUID: sent again with the same key, it does nothing twice and gets the first answer, for 24 hours */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChannelCreate"];
            };
        };
        responses: {
            /** @description The channel */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Channel"];
                };
            };
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            default: components["responses"]["Failed"];
        };
    };
    getChannel: {
        parameters: {
            query?: never;
            header?: {
                /** @description Answer 304 without a body if the object still looks as it did with this ETag */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
            };
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The channel */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Channel"];
                };
            };
            304: components["responses"]["NotModified"];
            404: components["responses"]["NotFound"];
            default: components["responses"]["Failed"];
        };
    };
    deleteChannel: {
        parameters: {
            query?: never;
            header?: {
                /** @description Do it only if nobody has changed the object since its ETag was this one; the part up to the dot suffices */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Removed */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: components["responses"]["NotFound"];
            412: components["responses"]["PreconditionFailed"];
            default: components["responses"]["Failed"];
        };
    };
    updateChannel: {
        parameters: {
            query?: never;
            header?: {
                /** @description Do it only if nobody has changed the object since its ETag was this one; the part up to the dot suffices */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChannelUpdate"];
            };
        };
        responses: {
            /** @description The channel */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Channel"];
                };
            };
            404: components["responses"]["NotFound"];
            412: components["responses"]["PreconditionFailed"];
            422: components["responses"]["Invalid"];
            default: components["responses"]["Failed"];
        };
    };
    testChannel: {
        parameters: {
            query?: never;
            header?: {
                /** @description A text that stands for this call alone, such as a UUID: sent again with the same key, it does nothing twice and gets the first answer, for 24 hours */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What became of it; status says whether it was delivered */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Delivery"];
                };
            };
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["Busy"];
            504: components["responses"]["NoAnswer"];
            default: components["responses"]["Failed"];
        };
    };
    listDeliveries: {
        parameters: {
            query?: {
                incident_id?: components["schemas"]["ID"];
                channel_id?: components["schemas"]["ID"];
                /** @description Only what came of it so */
                status?: components["schemas"]["DeliveryStatus"];
                /** @description next_cursor of the page before */
                cursor?: components["parameters"]["Cursor"];
                /** @description Length of the page */
                limit?: components["parameters"]["Limit"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeliveryPage"];
                };
            };
            422: components["responses"]["Invalid"];
            default: components["responses"]["Failed"];
        };
    };
    listApiKeys: {
        parameters: {
            query?: {
                /** @description next_cursor of the page before */
                cursor?: components["parameters"]["Cursor"];
                /** @description Length of the page */
                limit?: components["parameters"]["Limit"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKeyPage"];
                };
            };
            422: components["responses"]["Invalid"];
            default: components["responses"]["Failed"];
        };
    };
    createApiKey: {
        parameters: {
            query?: never;
            header?: {
                /** @description A text that stands for this call alone, such as a UUID: sent again with the same key, it does nothing twice and gets the first answer, for 24 hours */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ApiKeyCreate"];
            };
        };
        responses: {
            /** @description The key */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKeyShown"];
                };
            };
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            default: components["responses"]["Failed"];
        };
    };
    getApiKey: {
        parameters: {
            query?: never;
            header?: {
                /** @description Answer 304 without a body if the object still looks as it did with this ETag */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
            };
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The key */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKey"];
                };
            };
            304: components["responses"]["NotModified"];
            404: components["responses"]["NotFound"];
            default: components["responses"]["Failed"];
        };
    };
    revokeApiKey: {
        parameters: {
            query?: never;
            header?: {
                /** @description Do it only if nobody has changed the object since its ETag was this one; the part up to the dot suffices */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Revoked */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            default: components["responses"]["Failed"];
        };
    };
    updateApiKey: {
        parameters: {
            query?: never;
            header?: {
                /** @description Do it only if nobody has changed the object since its ETag was this one; the part up to the dot suffices */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ApiKeyUpdate"];
            };
        };
        responses: {
            /** @description The key */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKey"];
                };
            };
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            422: components["responses"]["Invalid"];
            default: components["responses"]["Failed"];
        };
    };
    rotateApiKey: {
        parameters: {
            query?: never;
            header?: {
                /** @description A text that stands for this call alone, such as a UUID: sent again with the same key, it does nothing twice and gets the first answer, for 24 hours */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["ApiKeyRotate"];
            };
        };
        responses: {
            /** @description The key */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKeyShown"];
                };
            };
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            default: components["responses"]["Failed"];
        };
    };
    listAudit: {
        parameters: {
            query?: {
                /** @description Only what was changed with this key */
                actor_id?: components["schemas"]["ID"];
                object_kind?: components["schemas"]["AuditKind"];
                /** @description Only this object; a region is named */
                object_id?: string;
                /** @description Only what was changed at this time or later */
                from?: string;
                /** @description Only what was changed before this time */
                to?: string;
                format?: "json" | "csv";
                /** @description next_cursor of the page before */
                cursor?: components["parameters"]["Cursor"];
                /** @description Length of the page */
                limit?: components["parameters"]["Limit"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    /** @description next_cursor once more; without a next page it is not there */
                    "X-Next-Cursor"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditPage"];
                    /**
                     * @example id,at
                     *     25,2026-11-20T13:18:57.737272Z
                     */
                    "text/csv": string;
                };
            };
            422: components["responses"]["Invalid"];
            default: components["responses"]["Failed"];
        };
    };
    getSetup: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What the fleet offers */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Setup"];
                };
            };
            default: components["responses"]["Failed"];
        };
    };
    setUp: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SignUp"];
            };
        };
        responses: {
            /** @description Signed in; the answer sets the session's cookie */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            default: components["responses"]["Failed"];
        };
    };
    signUp: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SignUp"];
            };
        };
        responses: {
            /** @description Signed in; the answer sets the session's cookie */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["Busy"];
            default: components["responses"]["Failed"];
        };
    };
    listSessions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The sessions of the account */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionList"];
                };
            };
            default: components["responses"]["Failed"];
        };
    };
    signIn: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SignIn"];
            };
        };
        responses: {
            /** @description Signed in; the answer sets the session's cookie */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            422: components["responses"]["Invalid"];
            429: components["responses"]["Busy"];
            default: components["responses"]["Failed"];
        };
    };
    endSession: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Ended */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: components["responses"]["NotFound"];
            default: components["responses"]["Failed"];
        };
    };
    signOut: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Signed out; the answer removes the cookie */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Failed"];
        };
    };
    switchOrganisation: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SessionUpdate"];
            };
        };
        responses: {
            /** @description Who calls, and where */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            default: components["responses"]["Failed"];
        };
    };
    getMe: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description An account, or a key */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            default: components["responses"]["Failed"];
        };
    };
    deleteMe: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordProof"];
            };
        };
        responses: {
            /** @description Removed */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["Busy"];
            default: components["responses"]["Failed"];
        };
    };
    updateMe: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MeUpdate"];
            };
        };
        responses: {
            /** @description The account */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["Busy"];
            default: components["responses"]["Failed"];
        };
    };
    beginTotp: {
        parameters: {
            query?: never;
            header?: {
                /** @description A text that stands for this call alone, such as a UUID: sent again with the same key, it does nothing twice and gets the first answer, for 24 hours */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordProof"];
            };
        };
        responses: {
            /** @description The secret */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TotpSecret"];
                };
            };
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["Busy"];
            default: components["responses"]["Failed"];
        };
    };
    removeTotp: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordProof"];
            };
        };
        responses: {
            /** @description Removed */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            422: components["responses"]["Invalid"];
            429: components["responses"]["Busy"];
            default: components["responses"]["Failed"];
        };
    };
    confirmTotp: {
        parameters: {
            query?: never;
            header?: {
                /** @description A text that stands for this call alone, such as a UUID: sent again with the same key, it does nothing twice and gets the first answer, for 24 hours */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TotpCode"];
            };
        };
        responses: {
            /** @description The recovery codes */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RecoveryCodes"];
                };
            };
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["Busy"];
            default: components["responses"]["Failed"];
        };
    };
    renewRecoveryCodes: {
        parameters: {
            query?: never;
            header?: {
                /** @description A text that stands for this call alone, such as a UUID: sent again with the same key, it does nothing twice and gets the first answer, for 24 hours */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordProof"];
            };
        };
        responses: {
            /** @description The recovery codes */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RecoveryCodes"];
                };
            };
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["Busy"];
            default: components["responses"]["Failed"];
        };
    };
    requestPasswordReset: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordResetRequest"];
            };
        };
        responses: {
            /** @description If there is such an account, a mail is on its way */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            422: components["responses"]["Invalid"];
            429: components["responses"]["Busy"];
            503: components["responses"]["Unavailable"];
            default: components["responses"]["Failed"];
        };
    };
    resetPassword: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                token: components["parameters"]["Token"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewPassword"];
            };
        };
        responses: {
            /** @description Sign in with it */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["Busy"];
            default: components["responses"]["Failed"];
        };
    };
    listOrganisations: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description By name */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrganisationList"];
                };
            };
            default: components["responses"]["Failed"];
        };
    };
    createOrganisation: {
        parameters: {
            query?: never;
            header?: {
                /** @description A text that stands for this call alone, such as a UUID: sent again with the same key, it does nothing twice and gets the first answer, for 24 hours */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["OrganisationCreate"];
            };
        };
        responses: {
            /** @description The organisation; the session goes on in it */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Organisation"];
                };
            };
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            default: components["responses"]["Failed"];
        };
    };
    leaveOrganisation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Left; a session that worked there works in none */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            default: components["responses"]["Failed"];
        };
    };
    getOrganisation: {
        parameters: {
            query?: never;
            header?: {
                /** @description Answer 304 without a body if the object still looks as it did with this ETag */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The organisation */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Organisation"];
                };
            };
            304: components["responses"]["NotModified"];
            default: components["responses"]["Failed"];
        };
    };
    deleteOrganisation: {
        parameters: {
            query?: never;
            header?: {
                /** @description Do it only if nobody has changed the object since its ETag was this one; the part up to the dot suffices */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["OrganisationDelete"];
            };
        };
        responses: {
            /** @description Removed */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["Busy"];
            default: components["responses"]["Failed"];
        };
    };
    updateOrganisation: {
        parameters: {
            query?: never;
            header?: {
                /** @description Do it only if nobody has changed the object since its ETag was this one; the part up to the dot suffices */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["OrganisationUpdate"];
            };
        };
        responses: {
            /** @description The organisation */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Organisation"];
                };
            };
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            422: components["responses"]["Invalid"];
            default: components["responses"]["Failed"];
        };
    };
    listMembers: {
        parameters: {
            query?: {
                /** @description next_cursor of the page before */
                cursor?: components["parameters"]["Cursor"];
                /** @description Length of the page */
                limit?: components["parameters"]["Limit"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MemberPage"];
                };
            };
            422: components["responses"]["Invalid"];
            default: components["responses"]["Failed"];
        };
    };
    removeMember: {
        parameters: {
            query?: never;
            header?: {
                /** @description Do it only if nobody has changed the object since its ETag was this one; the part up to the dot suffices */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Removed */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            default: components["responses"]["Failed"];
        };
    };
    updateMember: {
        parameters: {
            query?: never;
            header?: {
                /** @description Do it only if nobody has changed the object since its ETag was this one; the part up to the dot suffices */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MemberUpdate"];
            };
        };
        responses: {
            /** @description The member */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Member"];
                };
            };
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            422: components["responses"]["Invalid"];
            default: components["responses"]["Failed"];
        };
    };
    listInvitations: {
        parameters: {
            query?: {
                /** @description next_cursor of the page before */
                cursor?: components["parameters"]["Cursor"];
                /** @description Length of the page */
                limit?: components["parameters"]["Limit"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InvitationPage"];
                };
            };
            422: components["responses"]["Invalid"];
            default: components["responses"]["Failed"];
        };
    };
    createInvitation: {
        parameters: {
            query?: never;
            header?: {
                /** @description A text that stands for this call alone, such as a UUID: sent again with the same key, it does nothing twice and gets the first answer, for 24 hours */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["InvitationCreate"];
            };
        };
        responses: {
            /** @description The invitation, with its link this once */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InvitationShown"];
                };
            };
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            default: components["responses"]["Failed"];
        };
    };
    deleteInvitation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Taken back */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: components["responses"]["NotFound"];
            default: components["responses"]["Failed"];
        };
    };
    resendInvitation: {
        parameters: {
            query?: never;
            header?: {
                /** @description A text that stands for this call alone, such as a UUID: sent again with the same key, it does nothing twice and gets the first answer, for 24 hours */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The invitation, with its link this once */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InvitationShown"];
                };
            };
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            default: components["responses"]["Failed"];
        };
    };
    getInvited: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                token: components["parameters"]["Token"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The invitation, as who was invited sees it */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Invited"];
                };
            };
            404: components["responses"]["NotFound"];
            default: components["responses"]["Failed"];
        };
    };
    acceptInvitation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                token: components["parameters"]["Token"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["InvitationAccept"];
            };
        };
        responses: {
            /** @description Signed in; the answer sets the session's cookie */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["Busy"];
            default: components["responses"]["Failed"];
        };
    };
    getOverview: {
        parameters: {
            query?: {
                /** @description Only with this tag; several, comma separated, must all be there */
                tag?: components["parameters"]["TagFilter"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Counts and open incidents */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Overview"];
                };
            };
            422: components["responses"]["Invalid"];
            default: components["responses"]["Failed"];
        };
    };
    listSummaries: {
        parameters: {
            query?: {
                /** @description next_cursor of the page before */
                cursor?: components["parameters"]["Cursor"];
                /** @description Length of the page */
                limit?: components["parameters"]["Limit"];
                /** @description Part of the name, the URL or the external id, in any case */
                q?: components["parameters"]["Search"];
                /** @description Only with this tag; several, comma separated, must all be there */
                tag?: components["parameters"]["TagFilter"];
                /** @description Only with a monitor of this kind */
                kind?: components["parameters"]["KindFilter"];
                /** @description Only in one of these states, comma separated */
                status?: components["parameters"]["StatusFilter"];
                /** @description By when it was made, the default, or by name or status, the worst first; - turns it round */
                sort?: components["parameters"]["WebsiteSort"];
                /** @description Only these, comma separated */
                ids?: string;
                /** @description Length of one of the 90 slots, which end with the present one; 86400 makes them days */
                slot_seconds?: 60 | 300 | 960 | 3600 | 86400;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SummaryPage"];
                };
            };
            422: components["responses"]["Invalid"];
            default: components["responses"]["Failed"];
        };
    };
    listTags: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description By name */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TagList"];
                };
            };
            default: components["responses"]["Failed"];
        };
    };
    batchWebsites: {
        parameters: {
            query?: never;
            header?: {
                /** @description A text that stands for this call alone, such as a UUID: sent again with the same key, it does nothing twice and gets the first answer, for 24 hours */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Batch"];
            };
        };
        responses: {
            /** @description What became of each, in the order of the call */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BatchResult"];
                };
            };
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            default: components["responses"]["Failed"];
        };
    };
    bulkWebsites: {
        parameters: {
            query?: never;
            header?: {
                /** @description A text that stands for this call alone, such as a UUID: sent again with the same key, it does nothing twice and gets the first answer, for 24 hours */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Bulk"];
            };
        };
        responses: {
            /** @description How many it was done to */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BulkResult"];
                };
            };
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            default: components["responses"]["Failed"];
        };
    };
    importWebsites: {
        parameters: {
            query?: {
                dry_run?: boolean;
                /** @description Remove what this managed_by keeps and the source no longer has */
                prune?: boolean;
                /** @description Who keeps these websites as code; they bear it */
                managed_by?: string;
            };
            header?: {
                /** @description A text that stands for this call alone, such as a UUID: sent again with the same key, it does nothing twice and gets the first answer, for 24 hours */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Estate"];
                /**
                 * @example url,name,tags
                 *     https://shop.example.com,Shop,production
                 *     https://blog.example.com,Blog,"production,blog"
                 */
                "text/csv": string;
            };
        };
        responses: {
            /** @description The plan, done unless dry_run; with an error nothing is done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ImportPlan"];
                };
            };
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            default: components["responses"]["Failed"];
        };
    };
    exportWebsites: {
        parameters: {
            query?: {
                /** @description Only with this tag; several, comma separated, must all be there */
                tag?: components["parameters"]["TagFilter"];
                managed_by?: string;
                /** @description A line of CSV holds a website's first monitor only */
                format?: "json" | "csv";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The websites */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Estate"];
                    /**
                     * @example external_id,name,url,tags,paused,muted,interval_seconds,timeout_ms,regions
                     *     shop-1,Shop,https://shop.example.com,eu;prod,false,false,120,5000,eu-west
                     */
                    "text/csv": string;
                };
            };
            422: components["responses"]["Invalid"];
            default: components["responses"]["Failed"];
        };
    };
    listWebsiteUptimeDaily: {
        parameters: {
            query?: {
                days?: number;
                /** @description Time zone whose midnights part the days, such as Europe/Berlin */
                zone?: components["parameters"]["Zone"];
            };
            header?: never;
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The days */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UptimeDays"];
                };
            };
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            default: components["responses"]["Failed"];
        };
    };
    listWebsiteDowntime: {
        parameters: {
            query?: {
                /** @description Beginning of the period */
                from?: components["parameters"]["From"];
                /** @description End of the period, the present if absent */
                to?: components["parameters"]["To"];
                /** @description Length of the page */
                limit?: components["parameters"]["Limit"];
            };
            header?: never;
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The stretches that touch the period */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DowntimeList"];
                };
            };
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            default: components["responses"]["Failed"];
        };
    };
    getMonitorStats: {
        parameters: {
            query?: {
                /** @description Beginning of the period */
                from?: components["parameters"]["From"];
                /** @description End of the period, the present if absent */
                to?: components["parameters"]["To"];
                /** @description Only this region; heartbeat is that of the calls of heartbeats */
                region?: components["parameters"]["InRegion"];
            };
            header?: never;
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The figures */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MonitorStats"];
                };
            };
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            503: components["responses"]["Unavailable"];
            default: components["responses"]["Failed"];
        };
    };
    commentIncident: {
        parameters: {
            query?: never;
            header?: {
                /** @description A text that stands for this call alone, such as a UUID: sent again with the same key, it does nothing twice and gets the first answer, for 24 hours */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Comment"];
            };
        };
        responses: {
            /** @description The event */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IncidentEvent"];
                };
            };
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            default: components["responses"]["Failed"];
        };
    };
    reportUptime: {
        parameters: {
            query?: {
                /** @description Beginning of the period */
                from?: components["parameters"]["From"];
                /** @description End of the period, the present if absent */
                to?: components["parameters"]["To"];
                /** @description Only with this tag; several, comma separated, must all be there */
                tag?: components["parameters"]["TagFilter"];
                website_id?: components["schemas"]["ID"];
                /** @description The uptime that was promised; the answer says what is left of the error budget */
                target_percent?: number;
                format?: "json" | "csv";
                /** @description next_cursor of the page before */
                cursor?: components["parameters"]["Cursor"];
                /** @description Length of the page */
                limit?: components["parameters"]["Limit"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    /** @description next_cursor once more; without a next page it is not there */
                    "X-Next-Cursor"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Report"];
                    /**
                     * @example website_id,name,tags,uptime_percent,coverage_percent,down_seconds,incidents,mttr_seconds,longest_outage_seconds,p50_ms,p95_ms,p99_ms,target_percent,budget_seconds,budget_left_seconds
                     *     01a1f917-149b-7707-a5bc-47ff725c5e45,Shop,production,96.9999,100,10800.047,2,5400,7200.046,,,,,,
                     */
                    "text/csv": string;
                };
            };
            422: components["responses"]["Invalid"];
            default: components["responses"]["Failed"];
        };
    };
    listStatusPages: {
        parameters: {
            query?: {
                /** @description next_cursor of the page before */
                cursor?: components["parameters"]["Cursor"];
                /** @description Length of the page */
                limit?: components["parameters"]["Limit"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatusPagePage"];
                };
            };
            422: components["responses"]["Invalid"];
            default: components["responses"]["Failed"];
        };
    };
    createStatusPage: {
        parameters: {
            query?: never;
            header?: {
                /** @description A text that stands for this call alone, such as a UUID: sent again with the same key, it does nothing twice and gets the first answer, for 24 hours */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StatusPageCreate"];
            };
        };
        responses: {
            /** @description The page */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatusPage"];
                };
            };
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            default: components["responses"]["Failed"];
        };
    };
    getStatusPage: {
        parameters: {
            query?: never;
            header?: {
                /** @description Answer 304 without a body if the object still looks as it did with this ETag */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
            };
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatusPage"];
                };
            };
            304: components["responses"]["NotModified"];
            404: components["responses"]["NotFound"];
            default: components["responses"]["Failed"];
        };
    };
    deleteStatusPage: {
        parameters: {
            query?: never;
            header?: {
                /** @description Do it only if nobody has changed the object since its ETag was this one; the part up to the dot suffices */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Removed */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: components["responses"]["NotFound"];
            412: components["responses"]["PreconditionFailed"];
            default: components["responses"]["Failed"];
        };
    };
    updateStatusPage: {
        parameters: {
            query?: never;
            header?: {
                /** @description Do it only if nobody has changed the object since its ETag was this one; the part up to the dot suffices */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StatusPageUpdate"];
            };
        };
        responses: {
            /** @description The page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatusPage"];
                };
            };
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            422: components["responses"]["Invalid"];
            default: components["responses"]["Failed"];
        };
    };
    listPublicStatus: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Their slugs and titles */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PublicStatusList"];
                };
            };
            default: components["responses"]["Failed"];
        };
    };
    getPublicStatus: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The state of its websites */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PublicStatus"];
                };
            };
            404: components["responses"]["NotFound"];
            default: components["responses"]["Failed"];
        };
    };
    getMonitorMetrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Prometheus' text format */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example # HELP probefleet_monitor_region_last_check_timestamp_seconds When the region's last check was due.
                     *     # TYPE probefleet_monitor_region_last_check_timestamp_seconds gauge
                     *     probefleet_monitor_region_last_check_timestamp_seconds{kind="http",monitor_id="01a1f916-d676-7fdc-aacc-792d9e4df497",region="a",website="a \"quoted\"\\ name\nof two lines"} 1.795180376121e+09
                     *     # HELP probefleet_monitor_region_up 1: the region's last check passed, 0: it failed. Not there once it is too old to count.
                     *     # TYPE probefleet_monitor_region_up gauge
                     *     probefleet_monitor_region_up{kind="http",monitor_id="01a1f916-d676-7fdc-aacc-792d9e4df497",region="a",website="a \"quoted\"\\ name\nof two lines"} 0
                     */
                    "text/plain": string;
                };
            };
            404: components["responses"]["NotFound"];
            default: components["responses"]["Failed"];
        };
    };
    legacyListWebsites: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description An array */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LegacyWebsite"][];
                };
            };
            default: components["responses"]["Failed"];
        };
    };
    legacyCreateWebsite: {
        parameters: {
            query?: never;
            header?: {
                /** @description A text that stands for this call alone, such as a UUID: sent again with the same key, it does nothing twice and gets the first answer, for 24 hours */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LegacyWebsiteCreate"];
            };
        };
        responses: {
            /** @description The website */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LegacyWebsite"];
                };
            };
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            default: components["responses"]["Failed"];
        };
    };
    legacyGetWebsite: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The website */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LegacyWebsite"];
                };
            };
            404: components["responses"]["NotFound"];
            default: components["responses"]["Failed"];
        };
    };
    legacyDeleteWebsite: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Removed */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: components["responses"]["NotFound"];
            default: components["responses"]["Failed"];
        };
    };
    legacyUpdateWebsite: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LegacyWebsiteUpdate"];
            };
        };
        responses: {
            /** @description The website */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LegacyWebsite"];
                };
            };
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            default: components["responses"]["Failed"];
        };
    };
    legacyListRegions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description An array */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LegacyRegion"][];
                };
            };
            default: components["responses"]["Failed"];
        };
    };
    legacyCreateRegion: {
        parameters: {
            query?: never;
            header?: {
                /** @description A text that stands for this call alone, such as a UUID: sent again with the same key, it does nothing twice and gets the first answer, for 24 hours */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LegacyRegionCreate"];
            };
        };
        responses: {
            /** @description The region */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LegacyRegion"];
                };
            };
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            default: components["responses"]["Failed"];
        };
    };
    legacyListStatus: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description An array */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LegacyStatus"][];
                };
            };
            default: components["responses"]["Failed"];
        };
    };
    legacyGetSeries: {
        parameters: {
            query?: {
                /** @description How far back, any number of days up to the retention */
                days?: components["parameters"]["Days"];
                /** @description Only this region; heartbeat is that of the calls of heartbeats */
                region?: components["parameters"]["InRegion"];
            };
            header?: never;
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description An array; without region, the mean over the regions */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LegacyPoint"][];
                };
            };
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            503: components["responses"]["Unavailable"];
            default: components["responses"]["Failed"];
        };
    };
    legacyListDowntime: {
        parameters: {
            query?: {
                /** @description How far back, any number of days up to the retention */
                days?: components["parameters"]["Days"];
                /** @description Only this region; heartbeat is that of the calls of heartbeats */
                region?: components["parameters"]["InRegion"];
            };
            header?: never;
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description An array */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LegacyDowntime"][];
                };
            };
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            default: components["responses"]["Failed"];
        };
    };
    legacyGetLastDowntime: {
        parameters: {
            query?: {
                /** @description How far back, any number of days up to the retention */
                days?: components["parameters"]["Days"];
                /** @description Only this region; heartbeat is that of the calls of heartbeats */
                region?: components["parameters"]["InRegion"];
            };
            header?: never;
            path: {
                id: components["parameters"]["PathID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The last one, or null */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LegacyLastDowntime"];
                };
            };
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            default: components["responses"]["Failed"];
        };
    };
}
