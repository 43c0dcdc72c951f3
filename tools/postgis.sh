#!/bin/sh
# Install Debian's PostgreSQL with PostGIS for the tests of the second store, when it is missing and root may.
# Never fails: those tests are skipped with their reason, and CITYOPS_NEED_POSTGIS=1 makes that a failure.
# No cluster is made or started here: tests start their own in a folder of theirs and stop it.
ls /usr/share/postgresql/*/extension/postgis.control >/dev/null 2>&1 && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "PostGIS tests: cannot install PostgreSQL with PostGIS (needs root and apt-get). They are skipped."
    exit 0
fi
echo "PostGIS tests: installing PostgreSQL with PostGIS from Debian"
export DEBIAN_FRONTEND=noninteractive
# postgresql-common makes a cluster when a server is installed; ours are made by the tests.
mkdir -p /etc/postgresql-common/createcluster.d
echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.d/cityops-tests.conf
apt-get update -qq &&
    apt-get install -y -qq --no-install-recommends postgresql postgresql-postgis >/dev/null ||
    echo "PostGIS tests: apt-get could not install PostgreSQL with PostGIS; they are skipped."
exit 0
