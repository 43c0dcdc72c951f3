-- The figures of a month by department, recomputed with SQL alone, beside `cityops evaluate`.
-- Parameters: :first and :until seconds since 1970 (until exclusive), :now for what is overdue.
-- Basis: the deadline lies in the period; a case without a deadline counts by its report.
-- One row per department; subject 'total' is everything, also cases without one.
-- A rate of zero by zero is null.
WITH flags AS (
    SELECT
        department,
        reworks, extensions, returns, bodies, overtime,
        (bits >> 0) & 1 AS filed,
        (bits >> 1) & 1 AS voided,
        (bits >> 2) & 1 AS dispatched,
        (bits >> 3) & 1 AS disposed,
        (bits >> 4) & 1 AS closed,
        (bits >> 5) & 1 AS closed_self,
        (bits >> 6) & 1 AS closed_forced,
        (bits >> 7) & 1 AS not_accepted,
        (bits >> 8) & 1 AS linked,
        (bits >> 9) & 1 AS late,
        (bits >> 10) & 1 AS exempt,
        CASE WHEN is_open THEN deadline IS NOT NULL AND deadline < :now
             ELSE (bits >> 11) & 1 END AS overdue,
        (bits >> 12) & 1 AS filed_in_time,
        (bits >> 13) & 1 AS dispatched_in_time,
        (bits >> 14) & 1 AS closed_stage_in_time,
        (bits >> 15) & 1 AS accepted,
        (bits >> 17) & 1 AS verify_sent,
        (bits >> 18) & 1 AS verify_sent_in_time,
        (bits >> 19) & 1 AS verified,
        (bits >> 20) & 1 AS verified_in_time,
        (bits >> 21) & 1 AS inspect_sent,
        (bits >> 22) & 1 AS inspect_sent_in_time,
        (bits >> 23) & 1 AS inspected,
        (bits >> 24) & 1 AS inspected_in_time,
        (bits >> 25) & 1 AS suspended_now,
        (bits >> 26) & 1 AS suspended_ever,
        (bits >> 27) & 1 AS returned_late,
        (bits >> 28) & 1 AS shirked,
        (bits >> 29) & 1 AS public,
        (bits >> 30) & 1 AS missed,
        (bits >> 31) & 1 AS called_back,
        (bits >> 32) & 1 AS content_result,
        (bits >> 33) & 1 AS content_service
    FROM case_fact
    WHERE (deadline >= :first AND deadline < :until)
       OR (deadline IS NULL AND reported >= :first AND reported < :until)
),
subjects AS (
    SELECT department AS subject, * FROM flags WHERE department <> ''
    UNION ALL
    SELECT 'total', * FROM flags
),
counts AS (
    SELECT
        subject,
        count(*) AS reported,
        sum(accepted) AS accepted,
        sum(filed AND NOT linked) AS valid_reports,
        sum(filed AND NOT linked) AS filed,
        sum(filed AND NOT linked AND filed_in_time) AS filed_in_time,
        sum(filed AND NOT linked AND voided) AS voided,
        sum(filed AND NOT linked AND NOT voided) AS filed_correctly,
        sum(linked) AS linked,
        sum(not_accepted) AS not_accepted,
        sum(closed_self) AS self_disposed,
        sum(verify_sent) AS verify_due,
        sum(verify_sent AND verify_sent_in_time) AS verify_sent_in_time,
        sum(verify_sent AND verified) AS verified,
        sum(verify_sent AND verified AND verified_in_time) AS verified_in_time,
        sum(filed AND NOT linked) AS to_dispatch,
        sum(dispatched AND NOT linked) AS dispatched,
        sum(filed AND dispatched AND NOT linked AND dispatched_in_time) AS dispatched_in_time,
        sum(dispatched AND NOT linked AND bodies < 2) AS dispatched_correctly,
        sum(dispatched AND NOT linked AND bodies > 1) AS misdispatched,
        sum(dispatched AND NOT exempt) AS dispose_due,
        sum(dispatched AND disposed AND NOT exempt) AS disposed,
        sum(dispatched AND disposed AND NOT exempt AND NOT late) AS disposed_in_time,
        sum(dispatched AND disposed AND NOT exempt AND late) AS disposed_late,
        sum(late AND exempt) AS exempt,
        sum(overdue AND NOT exempt) AS overdue_open,
        sum((disposed OR overdue) AND NOT exempt) AS due_to_close,
        sum(disposed AND closed AND NOT exempt) AS closed,
        sum(disposed AND closed AND NOT exempt AND NOT late) AS closed_in_time,
        sum(disposed AND closed AND NOT exempt AND late) AS closed_late,
        sum(closed) AS close_due,
        sum(closed AND closed_stage_in_time) AS closing_stage_in_time,
        sum(closed_forced) AS forced_closed,
        sum(disposed AND NOT exempt AND reworks > 0) AS reworked,
        sum((disposed OR overdue) AND NOT exempt AND reworks > 0) AS reworked_due,
        sum(reworks) AS reworks,
        sum(suspended_now) AS suspended,
        sum(suspended_ever) AS ever_suspended,
        sum((disposed OR overdue) AND NOT exempt AND extensions > 0) AS extended,
        sum(extensions) AS extensions,
        sum((disposed OR overdue) AND NOT exempt AND returns > 0) AS returned,
        sum(returns) AS returns,
        sum(returned_late) AS returned_late,
        sum(shirked) AS shirked,
        sum((disposed OR overdue) AND NOT exempt AND (late OR overdue)) AS late_or_overdue,
        sum(CASE WHEN dispatched AND disposed AND late AND NOT exempt THEN overtime ELSE 0 END)
            AS overtime,
        sum(inspect_sent) AS inspect_due,
        sum(inspect_sent AND inspect_sent_in_time) AS inspect_sent_in_time,
        sum(inspect_sent AND inspected) AS inspected,
        sum(inspect_sent AND inspected AND inspected_in_time) AS inspected_in_time,
        sum(filed AND NOT linked AND public) AS public_confirmed,
        -- Of what nobody recorded in the whole month there is no number.
        CASE WHEN (SELECT max(missed) FROM flags) = 1 OR sum(filed AND NOT linked AND public) = 0
            THEN sum(filed AND NOT linked AND public AND missed) END AS misses,
        CASE WHEN (SELECT max(called_back) FROM flags) = 1
            THEN sum(called_back) END AS called_back,
        CASE WHEN (SELECT max(called_back) FROM flags) = 1
            THEN sum(called_back AND content_result) END AS content_result,
        CASE WHEN (SELECT max(called_back) FROM flags) = 1
            THEN sum(called_back AND content_service) END AS content_service
    FROM subjects
    GROUP BY subject
)
SELECT
    counts.*,
    1.0 * valid_reports / nullif(reported, 0) AS valid_report_rate,
    1.0 * misses / nullif(filed, 0) AS miss_rate,
    1.0 * verified_in_time / nullif(verify_due, 0) AS verify_in_time_rate,
    1.0 * inspected_in_time / nullif(inspect_due, 0) AS inspect_in_time_rate,
    1.0 * verify_sent_in_time / nullif(verify_due, 0) AS verify_sent_in_time_rate,
    1.0 * inspect_sent_in_time / nullif(inspect_due, 0) AS inspect_sent_in_time_rate,
    1.0 * filed / nullif(reported, 0) AS filing_rate,
    1.0 * filed_in_time / nullif(filed, 0) AS filing_in_time_rate,
    1.0 * filed_correctly / nullif(filed, 0) AS correct_filing_rate,
    1.0 * dispatched_in_time / nullif(to_dispatch, 0) AS dispatch_in_time_rate,
    1.0 * dispatched_correctly / nullif(dispatched, 0) AS correct_dispatch_rate,
    1.0 * disposed / nullif(dispose_due, 0) AS disposal_rate,
    1.0 * disposed_in_time / nullif(dispose_due, 0) AS in_time_disposal_rate,
    1.0 * closed / nullif(due_to_close, 0) AS closing_rate,
    1.0 * closed_in_time / nullif(due_to_close, 0) AS in_time_closing_rate,
    1.0 * closed_late / nullif(due_to_close, 0) AS late_closing_rate,
    1.0 * closing_stage_in_time / nullif(close_due, 0) AS closing_stage_in_time_rate,
    1.0 * reworked / nullif(disposed, 0) AS rework_rate,
    1.0 * reworked_due / nullif(due_to_close, 0) AS rework_rate_due,
    1.0 * public_confirmed / nullif(filed, 0) AS public_report_rate,
    1.0 * extended / nullif(due_to_close, 0) AS extension_rate,
    1.0 * returned / nullif(due_to_close, 0) AS return_rate,
    1.0 * late_or_overdue / nullif(due_to_close, 0) AS overdue_rate,
    1.0 * overtime / nullif(disposed_late, 0) AS overtime_multiple,
    1.0 * content_result / nullif(called_back, 0) AS result_satisfaction,
    1.0 * content_service / nullif(called_back, 0) AS service_satisfaction
FROM counts
ORDER BY subject;
