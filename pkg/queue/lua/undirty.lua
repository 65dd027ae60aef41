-- Removes windows that were rolled up again, unless they were marked once more since.
-- KEYS: 1 dirty (sorted set: window by when it was marked)
-- ARGV: window   its mark, and so on
-- Returns {removed}.
local removed = 0
for i = 1, #ARGV, 2 do
  local mark = redis.call('ZSCORE', KEYS[1], ARGV[i])
  if mark and tonumber(mark) == tonumber(ARGV[i + 1]) then
    removed = removed + redis.call('ZREM', KEYS[1], ARGV[i])
  end
end
return {removed}
