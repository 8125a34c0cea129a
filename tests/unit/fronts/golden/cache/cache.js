// What nginx can't say in its config: which responses are kept, and which URLs are not worth a queue.
//
// Of those who ask for what is not there yet one is let through, and the others wait in steps of half a second. That is
// right for a response that can be kept, and ruin for one that can't: 742 requests a second became 191. So it is
// remembered which URLs gave such a response last; who asks for one of them waits for nobody.

const UNKEPT = ngx.shared.uncork_unkept;

// Whether the response that is beginning may be kept no longer than it is fresh, so that it must not be at all: what is
// old would be shown while it is made anew, or the app fails. An error is never kept.
function refused(v) {
    const said = (v.upstream_http_cache_control || '').toLowerCase();
    return /must-revalidate|proxy-revalidate/.test(said) || Number((v.upstream_status || '').slice(-3)) >= 500;
}

// Whether nginx would keep it: as ngx_http_upstream.c reads the fields.
function fresh(v) {
    if (v.upstream_http_set_cookie || (v.upstream_http_vary || '').includes('*')) {
        return false;
    }
    const own = v.upstream_http_x_accel_expires;
    if (own) {
        return own[0] === '@' || Number(own) > 0;
    }
    const said = (v.upstream_http_cache_control || '').toLowerCase();
    if (/no-cache|no-store|private/.test(said)) {
        return false;
    }
    const age = /s-maxage=([0-9]+)/.exec(said) || /max-age=([0-9]+)/.exec(said);
    return age ? Number(age[1]) > 0 : Date.parse(v.upstream_http_expires) > Date.now();
}

// Looked at before an entry is looked for.
function unkept(r) {
    return UNKEPT.has(r.variables.uncork_cache_key) ? '1' : '';
}

// Looked at once the app's answer begins: whether it is not to be kept.
function refuse(r) {
    const v = r.variables, no = refused(v);
    if (no || !fresh(v)) {
        UNKEPT.set(v.uncork_cache_key, 1);
    } else {
        UNKEPT.delete(v.uncork_cache_key);
    }
    return no ? '1' : '';
}

export default { refuse, unkept };
