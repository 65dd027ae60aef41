-- Trims results behind the oldest entry that either group still needs; and, when
-- memory is short, drops the oldest that the aggregator is done with though ticks is not.
-- KEYS: 1 results (stream)   2 ledger (hash)
-- ARGV: 1 aggregator's group   2 ticks' group   3 most entries to drop   4 field of the count
-- Returns {trimmed, dropped, results lost}.
local function parts(id)
  local ms, seq = string.match(id, '(%d+)-(%d+)')
  return tonumber(ms), tonumber(seq)
end
local function less(a, b)
  local am, as = parts(a)
  local bm, bs = parts(b)
  return am < bm or am == bm and as < bs
end
local groups = redis.pcall('XINFO', 'GROUPS', KEYS[1])
if groups.err then return {0, 0, 0} end
local last, needs = {}, {}
for _, g in ipairs(groups) do
  local info = {}
  for i = 1, #g, 2 do info[g[i]] = g[i + 1] end
  last[info.name] = info['last-delivered-id']
  local pending = redis.call('XPENDING', KEYS[1], info.name)
  if pending[1] > 0 then
    needs[info.name] = pending[2]
  else
    local ms, seq = string.match(info['last-delivered-id'], '(%d+)-(%d+)')
    needs[info.name] = ms .. '-' .. string.format('%.0f', tonumber(seq) + 1)
  end
end
local judged, ticks = needs[ARGV[1]], needs[ARGV[2]]
if not judged or not ticks then return {0, 0, 0} end
local trimmed = redis.call('XTRIM', KEYS[1], 'MINID', '=', less(judged, ticks) and judged or ticks)
local dropped, lost = 0, 0
if tonumber(ARGV[3]) > 0 then
  for _, e in ipairs(redis.call('XRANGE', KEYS[1], '-', '(' .. judged, 'COUNT', ARGV[3])) do
    -- Lost are those that ticks has not seen or not finished.
    local unseen = less(last[ARGV[2]], e[1])
    if redis.call('XACK', KEYS[1], ARGV[2], e[1]) == 1 or unseen then
      for i = 1, #e[2], 2 do
        if e[2][i] == ARGV[4] then lost = lost + tonumber(e[2][i + 1]) end
      end
    end
    dropped = dropped + redis.call('XDEL', KEYS[1], e[1])
  end
  if lost > 0 then redis.call('HINCRBY', KEYS[2], 'ticks_lost', lost) end
end
return {trimmed, dropped, lost}
