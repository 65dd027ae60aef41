-- Finishes checks: each counts only if it is acknowledged here and now, so neither a
-- repeated commit nor a rescuer's makes a second result.
-- KEYS: 1 checks   2 urgent   3 results (streams)   4 ledger (hash)   5 dlq (stream)   6... reply lists
-- ARGV: 1 group   2 field of a body   3 field of a batch   4 field of its count   5 ms that a reply lives
--       6 entries that the dlq keeps, then five for each check:
--       what ("c" or "u" for its stream, then the ledger's field)   id   index of its reply list in KEYS, or 0;
--       of a test, whose result is for the reply list only, minus that minus 1
--       why it goes to the dlq, or ""   result, or ""
-- Returns {how many counted}.
local group, counted, results, tally = ARGV[1], 0, {}, {}
for i = 7, #ARGV, 5 do
  local urgent = string.sub(ARGV[i], 1, 1) == 'u'
  local stream = urgent and KEYS[2] or KEYS[1]
  local id, to, why, result = ARGV[i + 1], tonumber(ARGV[i + 2]), ARGV[i + 3], ARGV[i + 4]
  if redis.call('XACK', stream, group, id) == 1 then
    counted = counted + 1
    local field = (urgent and 'urgent_' or '') .. string.sub(ARGV[i], 2)
    if why ~= '' then
      local entry = redis.call('XRANGE', stream, id, id)[1]
      redis.call('XADD', KEYS[5], 'MAXLEN', '~', ARGV[6], '*', 'kind', urgent and 'urgent' or 'checks',
        'why', why, 'payload', entry and entry[2][2] or '')
    end
    if redis.call('XDEL', stream, id) == 1 then
      tally[field] = (tally[field] or 0) + 1
    else
      tally['vanished'] = (tally['vanished'] or 0) + 1
    end
    if result ~= '' then
      if to < 0 then
        to = -to - 1
      else
        results[#results + 1] = result
      end
      if to > 0 then
        redis.call('LPUSH', KEYS[to], result)
        redis.call('PEXPIRE', KEYS[to], ARGV[5])
      end
    end
  end
end
for field, n in pairs(tally) do redis.call('HINCRBY', KEYS[4], field, n) end
if #results > 0 then
  redis.call('XADD', KEYS[3], '*', ARGV[4], #results, ARGV[3], table.concat(results))
end
return {counted}
