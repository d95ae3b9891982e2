// A field for the token that models and the catalog may ask for. It is kept in this page alone: nothing is stored, and it goes to this
// server alone.
(function () {
  'use strict';
  var token = '';
  var dots = /\/(\.|%2e){1,2}([/?#]|$)/i;

  // What the page sends, the reading of the catalog too.
  window.catalogToken = {
    add: function (request) {
      var headers = request.headers || (request.headers = {});
      // A value in the place of a path's {name} must not lead from one model to another.
      if (dots.test(request.url.replace(/\\/g, '/')))
        throw new Error('A value leads out of the model: ' + request.url);
      if (token && !headers.Authorization && new URL(request.url, location.href).origin === location.origin)
        headers.Authorization = 'Bearer ' + token;
      return request;
    }
  };

  function use(text) {
    token = text.trim().replace(/^Bearer\s+/i, '');
    if (window.ui)
      window.ui.specActions.download();
  }

  document.addEventListener('DOMContentLoaded', function () {
    var form = document.createElement('form');
    form.style.cssText = 'font: 14px sans-serif; padding: 8px 20px; display: flex; gap: 8px; align-items: center; background: #f2f2f2';
    var label = document.createElement('label');
    label.textContent = 'Token';
    label.htmlFor = 'catalog-token';
    var field = document.createElement('input');
    field.id = 'catalog-token';
    field.type = 'password';
    field.autocomplete = 'off';
    field.size = 40;
    var button = document.createElement('button');
    button.textContent = 'Use';
    var note = document.createElement('span');
    note.textContent = 'Where the server wants one: `odin auth` says where it keeps yours. This page forgets it when it is closed.';
    form.append(label, field, button, note);
    form.addEventListener('submit', function (event) {
      event.preventDefault();
      use(field.value);
      field.value = '';
    });
    document.body.prepend(form);
  });
})();
