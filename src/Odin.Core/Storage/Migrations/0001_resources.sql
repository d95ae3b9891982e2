-- One row per resource. {{text}} orders by bytes on every database; {{bytes}} holds the JSON document, which is never
-- queried inside. Times are microseconds since 1970, UTC.
CREATE TABLE resources (
    kind {{text}} NOT NULL,
    id {{text}} NOT NULL,
    parent {{text}},
    phase {{text}},
    created BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    version {{text}} NOT NULL,
    generation BIGINT NOT NULL,
    document {{bytes}} NOT NULL,
    PRIMARY KEY (kind, id)
);

-- A list is ordered by (created, id) and filtered by parent, by phase, by both or by neither: one index for each, so that
-- a page is read from where it starts, and neither the sort nor the filter touches a document.
-- A search for a part of an id reads such an index to its end; {{folded}} is what it compares where that is not the id.
CREATE INDEX resources_by_created ON resources (kind, created, id{{folded}});
CREATE INDEX resources_by_phase ON resources (kind, phase, created, id{{folded}});
CREATE INDEX resources_by_parent ON resources (kind, parent, created, id);
CREATE INDEX resources_by_parent_and_phase ON resources (kind, parent, phase, created, id);
