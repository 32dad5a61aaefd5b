-- How far two clocks of an installation are known to be apart, and which two these are.
select
    cause_clock,
    effect_clock,
    behind
from host_clocks
where scope = $scope and system = $system and basis <> 'future' and behind > $tolerated
order by behind desc, cause_clock asc, effect_clock asc
limit 1
