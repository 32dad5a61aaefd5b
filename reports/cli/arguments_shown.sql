-- How many jobs there are, and of how many the arguments are known.
select
    count(*) as jobs,
    count(arguments) as with_arguments
from jobs
