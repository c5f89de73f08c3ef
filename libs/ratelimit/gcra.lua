-- Limit.take of ratelimit.go, atomically and by the server's clock, which all replicas share.
-- KEYS[1] holds the key's theoretical arrival time, in microseconds since the epoch.
-- ARGV: the emission interval in microseconds, the burst, the number of events.
local interval, burst, n = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local tolerance = interval * burst
local tat = math.max(now, math.min(tonumber(redis.call('GET', KEYS[1]) or 0), now + tolerance))
local after = tat + interval * n
local wait = after - tolerance - now
if wait > 0 then
  return {tat - now, wait}
end
if n > 0 then
  redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', math.ceil((after - now) / 1000))
end
return {after - now, 0}
