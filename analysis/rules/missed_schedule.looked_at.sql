-- Classes of which a timetable is known.
select count(*) as judged
from class_schedules
where slot_count >= $min_slots and on_slot >= $slot_share and slot_count >= $slot_share * slots_passed
