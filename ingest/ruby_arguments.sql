-- Values written as JSON, where that made JSON of them.
select
    ruby,
    case when json_valid(json) then json end as json
from written
order by ruby;
